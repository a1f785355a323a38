"""What the checks know of a language: its little words, its numbers, and the phrases that give a bad example away.

The words are files, `languages/*.toml`; a language is added by adding one. A text of any other language is read
with the numbers of English and without its words, so that the checks that need words find nothing.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from pydantic import JsonValue, TypeAdapter

from mainspring.memory.words import words_of

LANGUAGES: Final = ("en", "de", "fr", "es")

_NEVER: Final = re.compile(r"(?!)")
_STEM_CHARS: Final = 6
"""Words that begin with so many equal letters are taken for one."""
_LEAST_STEM_CHARS: Final = 3
_UNKNOWN_STEM_CHARS: Final = 4
"""Of a language whose endings are not known."""
_SYLLABLES: Final = 2
"""Of a Korean word, whose endings are written in one with it."""
_HANGUL: Final = re.compile("[\uac00-\ud7af]")
_TABLE: Final = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words and phrases of a language. Words are in lower case and without accents."""

    code: str
    """ISO 639-1; empty for a language that is not known."""
    decimal: str
    """What stands before the fraction of a number."""
    every_noun_is_capital: bool
    stop: frozenset[str]
    """Words that say little of what a text is about."""
    idle: frozenset[str]
    """These, and the words of numbers and months."""
    suffixes: tuple[str, ...]
    """Endings that a stem is without, the longest first."""
    imperatives: frozenset[str]
    """Words that a request begins with."""
    name_questions: frozenset[str]
    """Words that ask for a name."""
    polar: frozenset[str]
    """Words that answer a question by yes or no."""
    choice: frozenset[str]
    """Words that stand between things to choose from."""
    pointing: re.Pattern[str]
    """Speaks of the text that the reader will not have."""
    pointing_unless_cited: re.Pattern[str]
    """Does so too, unless the source is about such a thing."""
    hanging: re.Pattern[str]
    """A question about `it`, and nobody knows what that is."""
    refusals: re.Pattern[str]
    guesses: re.Pattern[str]
    numbers: Mapping[str, int]
    """Words of numbers, with their accents."""
    rarely_numbers: frozenset[str]
    """Those of them that mostly mean something else, such as `ein` and `neuf`."""
    ordinals: Mapping[str, int]
    months: Mapping[str, int]

    def stem(self, word: str) -> str:
        """Give what a word has in common with its other forms."""
        return _stem(self.code, word)

    def stems(self, words: Iterable[str]) -> dict[str, str]:
        """Give the stems of the words that say what a text is about, and a word of each; numbers are left out."""
        return {
            _stem(self.code, word): word
            for word in words
            if not (word in self.idle or word[0].isdigit() or _is_letter(word))
        }


@lru_cache(maxsize=50_000)
def _stem(code: str, word: str) -> str:
    if not code:
        return word[: _SYLLABLES if _HANGUL.match(word) else _UNKNOWN_STEM_CHARS]
    for suffix in lexicon(code).suffixes:
        if word.endswith(suffix) and len(word) - len(suffix) >= _LEAST_STEM_CHARS:
            return word[: -len(suffix)][:_STEM_CHARS]
    return word[:_STEM_CHARS]


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isascii()


@cache
def lexicon(code: str) -> Lexicon:
    """Give what is known of a language, by its ISO 639-1 code; next to nothing where there is no file of it."""
    if code not in LANGUAGES:
        return _unknown()
    text = files(__package__).joinpath(f"languages/{code}.toml").read_text("utf-8")
    raw = _TABLE.validate_python(tomllib.loads(text))
    stop, numbers = _words(raw["stop"]), _numbers(raw["numbers"], str(raw.get("units_before_tens", "")))
    months = _integers(raw["months"])
    return Lexicon(
        code=code,
        decimal=str(raw["decimal"]),
        every_noun_is_capital=bool(raw.get("every_noun_is_capital", False)),
        stop=stop,
        idle=stop | _words(" ".join((*numbers, *months))),
        suffixes=tuple(sorted((_folded(suffix) for suffix in str(raw["suffixes"]).split()), key=len, reverse=True)),
        imperatives=_words(raw["imperatives"]),
        name_questions=_words(raw["name_questions"]),
        polar=_words(raw["polar"]),
        choice=_words(raw["choice"]),
        pointing=_phrases(raw["pointing"]),
        pointing_unless_cited=_phrases(raw["pointing_unless_cited"]),
        hanging=_phrases(raw["hanging"]),
        refusals=_phrases(raw["refusals"]),
        guesses=_phrases([raw["guesses"]]),
        numbers=numbers,
        rarely_numbers=frozenset(str(raw["rarely_numbers"]).split()),
        ordinals=_integers(raw["ordinals"]),
        months=months,
    )


def _unknown() -> Lexicon:
    english, none = lexicon("en"), frozenset[str]()
    return Lexicon(
        code="",
        decimal=".",
        every_noun_is_capital=True,
        stop=none,
        idle=none,
        suffixes=(),
        imperatives=none,
        name_questions=none,
        polar=none,
        choice=none,
        pointing=_NEVER,
        pointing_unless_cited=_NEVER,
        hanging=_NEVER,
        refusals=_NEVER,
        guesses=_NEVER,
        numbers=english.numbers,
        rarely_numbers=english.rarely_numbers,
        ordinals=english.ordinals,
        months=english.months,
    )


def _words(raw: JsonValue) -> frozenset[str]:
    return frozenset(words_of(str(raw)))


def _folded(word: str) -> str:
    return "".join(words_of(word))


def _phrases(raw: JsonValue) -> re.Pattern[str]:
    phrases: Sequence[JsonValue] = raw if isinstance(raw, list) else []
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases), re.IGNORECASE)


def _integers(raw: JsonValue) -> dict[str, int]:
    return TypeAdapter(dict[str, int]).validate_python(raw)


def _numbers(raw: JsonValue, joint: str) -> dict[str, int]:
    """Give the words of numbers, and those that German makes of units and tens."""
    numbers = _integers(raw)
    if not joint:
        return numbers
    units = {
        word.removesuffix("s") if value == 1 else word: value for word, value in numbers.items() if 0 < value < 10
    }
    tens = {word: value for word, value in numbers.items() if 20 <= value < 100}
    joined = {f"{unit}{joint}{ten}": a + b for unit, a in units.items() for ten, b in tens.items()}
    return numbers | joined
