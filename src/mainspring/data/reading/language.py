"""The language of a text: by its script where that tells, else by its most frequent words.

Only samples of a long text are looked at, so that it takes the same time for every length. Where two languages are
about as likely, or the text is too short, nothing is said.
"""

import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

_SAMPLES: Final = 5
_SAMPLE_CHARS: Final = 2_000
_LETTERS_AT_LEAST: Final = 12
_WORDS_AT_LEAST: Final = 4
"""Frequent words that a text must have before they tell anything."""
_SHARE_AT_LEAST: Final = 0.15
"""Share of frequent words in a text of that language; measured texts have 0.3 to 0.6."""
_LEAD: Final = 2.0
"""The next language weighs less by so much; a word weighs the less, the more languages it is frequent in."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_SCRIPTS: Final = {
    "latin": re.compile("[A-Za-z\u00c0-\u024f]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "han": re.compile("[\u4e00-\u9fff\u3400-\u4dbf]"),
    "kana": re.compile("[\u3040-\u30ff]"),
    "hangul": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
}
_BY_SCRIPT: Final = {"han": "zh", "kana": "ja", "hangul": "ko", "greek": "el", "hebrew": "he", "devanagari": "hi"}
_UKRAINIAN: Final = re.compile("[іїєґІЇЄҐ]")
_RUSSIAN: Final = re.compile("[ыэёъЫЭЁЪ]")
_NOT_ARABIC: Final = re.compile("[پچژگٹڈڑےکی]")
"""Letters of Persian and Urdu."""


def language_of(text: str) -> str:
    """Give the ISO 639-1 code of a text's language, empty where it is not certain."""
    sample = _sample(text)
    n_letters = {script: len(pattern.findall(sample)) for script, pattern in _SCRIPTS.items()}
    script, n_most = max(n_letters.items(), key=lambda item: item[1])
    if sum(n_letters.values()) < _LETTERS_AT_LEAST:
        return ""
    if script in {"han", "kana"}:  # Japanese is written with both.
        return "ja" if n_letters["kana"] * 10 > n_letters["han"] else "zh"
    if n_most * 2 < sum(n_letters.values()):
        return ""
    if script == "cyrillic":
        return _cyrillic(sample)
    if script == "arabic":
        return "" if _NOT_ARABIC.search(sample) else "ar"
    return _BY_SCRIPT.get(script) or _by_words(sample)


def _sample(text: str) -> str:
    if len(text) <= _SAMPLES * _SAMPLE_CHARS:
        return text
    step = (len(text) - _SAMPLE_CHARS) // (_SAMPLES - 1)
    return "\n".join(text[place * step : place * step + _SAMPLE_CHARS] for place in range(_SAMPLES))


def _cyrillic(sample: str) -> str:
    n_ukrainian, n_russian = len(_UKRAINIAN.findall(sample)), len(_RUSSIAN.findall(sample))
    if n_ukrainian > 2 * n_russian:
        return "uk"
    return "ru" if n_russian > 2 * n_ukrainian else ""


def _by_words(sample: str) -> str:
    words = Counter(_WORD.findall(sample.lower()))
    weights = Counter(
        {
            language: sum(words[word] / _languages_of()[word] for word in frequent & words.keys())
            for language, frequent in _frequent().items()
        }
    )
    (language, weight), (_, weight_of_next) = weights.most_common(2)
    n_frequent = sum(words[word] for word in _frequent()[language] & words.keys())
    n_needed = max(_WORDS_AT_LEAST, _SHARE_AT_LEAST * sum(words.values()))
    return language if n_frequent >= n_needed and weight >= _LEAD * weight_of_next else ""


@cache
def _frequent() -> dict[str, frozenset[str]]:
    said = tomllib.loads((Path(__file__).parent / "language.toml").read_text(encoding="utf-8"))
    return {language: frozenset(str(words).split()) for language, words in said.items()}


@cache
def _languages_of() -> Counter[str]:
    """Give in how many of the languages each word is frequent."""
    return Counter(word for frequent in _frequent().values() for word in frequent)
