"""Which language a text is in, as far as its little words and its letters say.

Short texts say little: what is not clear is not said.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from mainspring.data.checks.lexicon import LANGUAGES, lexicon
from mainspring.memory.words import words_of

_LEAST_HITS: Final = 3
_SHARE: Final = 0.08
"""Of the words: so many must be little words of the language that are not of another one."""
_LEAD: Final = 2.0
_CHARS: Final = 4000
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]")
_BEYOND_LATIN: Final = re.compile("[\u0370-\uffff]")
_SCRIPTS: Final[Mapping[str, re.Pattern[str]]] = {
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "indic": re.compile("[\u0900-\u0dff]"),
    "thai": re.compile("[\u0e00-\u0e7f]"),
    "han": re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"),
    "hangul": re.compile("[\uac00-\ud7af]"),
}


def language_of(text: str) -> str:
    """Give the language of a text, if it is one that the checks know; empty where that is not clear."""
    words = words_of(text[:_CHARS])
    hits = _hits(words)
    (best, n_best), (_, n_next) = [*hits.most_common(2), ("", 0), ("", 0)][:2]
    if n_best < _LEAST_HITS or n_best < _SHARE * len(words) or n_best < _LEAD * n_next:
        return ""
    return best


def share_of(text: str, code: str) -> float:
    """Give the share of a text's words that are little words of a language and of no other one."""
    words = words_of(text[:_CHARS])
    return _hits(words)[code] / max(1, len(words))


@lru_cache(maxsize=64)
def scripts_of(text: str) -> Counter[str]:
    """Count the letters of a text by their script; remembered, as all questions of a passage meet it."""
    latin = Counter({"latin": len(_LATIN.findall(text))})
    if _BEYOND_LATIN.search(text) is None:
        return +latin
    return +(latin + Counter({name: len(letter.findall(text)) for name, letter in _SCRIPTS.items()}))


def _hits(words: list[str]) -> Counter[str]:
    telling = _telling()
    return Counter(telling[word] for word in words if word in telling)


@cache
def _telling() -> dict[str, str]:
    """Give the little words that are of one language only, and of which."""
    owners: dict[str, set[str]] = {}
    for code in LANGUAGES:
        for word in lexicon(code).stop:
            if len(word) > 1:
                owners.setdefault(word, set()).add(code)
    return {word: codes.pop() for word, codes in owners.items() if len(codes) == 1}
