"""Whether a full stop ends a sentence.

It does not after abbreviations, initials, ordinals and list markers, nor before a small letter. The words for that
are in `stops.toml`. Where it cannot be known, two sentences stay one: a citation that is too long still says what
its sentence says.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_OPENING: Final = "\"'“‘„‚«»‹›([{¿¡*_—–-"
_TOKEN: Final = re.compile(r"\S+\Z")
_LETTERS: Final = re.compile(r"(?<!\w)(?<!\w['’])((?:[^\W\d_]\.\s?)*[^\W\d_])\Z")
_WORD: Final = re.compile(r"[^\W_][\w'’]*")
_MARKER: Final = re.compile(r"\(?(?:\d{1,3}|[^\W\d_]|[ivxIVX]{1,5})\Z")
_ROMAN: Final = re.compile(r"[ivxlcIVXLC]+\Z")
_DAY_OR_MONTH: Final = re.compile(r"\d{1,2}\.")
_LOOK_BACK_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class Stops:
    """The words of `stops.toml`."""

    before_more: frozenset[str]
    before_number: frozenset[str]
    at_end: frozenset[str]
    often_at_end: frozenset[str]
    letters_before_more: frozenset[str]
    after_ordinal: frozenset[str]
    before_ordinal: frozenset[str]
    begins: frozenset[str]


@cache
def stops() -> Stops:
    """Read the words."""
    raw = tomllib.loads(files(__package__).joinpath("stops.toml").read_text("utf-8"))
    return Stops(**{name: frozenset(words.split()) for name, words in raw.items()})


@dataclass(frozen=True, slots=True)
class _Next:
    """What follows a full stop."""

    char: str
    """The first character that opens nothing."""
    word: str
    """In lower case; empty where no word follows at once."""
    is_beginning: bool
    """Whether sentences begin with that word."""
    is_day_or_month: bool


def ends_sentence(text: str, first: int, dot: int, behind: int, end: int) -> bool:
    """Tell whether the single full stop at `dot` ends a sentence.

    Args:
        text: The text.
        first: Where the sentence begins.
        dot: Offset of the full stop.
        behind: Offset behind it and the white space after it.
        end: Behind the last character that belongs to the text.
    """
    next_ = _next(text, behind, end)
    if next_.char.islower():
        return False
    head = text[max(first, dot - _LOOK_BACK_CHARS) : dot]
    match = _TOKEN.search(head)
    if match is None:
        return True
    token = match[0].lstrip(_OPENING)
    if dot - first == len(match[0]) and _MARKER.match(match[0]):
        return False
    if token.isdigit():
        return _ends_after_number(head[: match.start()], token, next_)
    letters = _LETTERS.search(head)
    if letters is not None:
        return _ends_after_letters("".join(letters[1].split()), next_)
    return _ends_after_word(token.lower(), next_)


def _next(text: str, behind: int, end: int) -> _Next:
    while behind < end and text[behind] in _OPENING:
        behind += 1
    match = _WORD.match(text, behind, end)
    word = match[0].lower() if match else ""
    is_initial = match is not None and len(word) == 1 and text[match.end() : match.end() + 1] == "."
    begins = not is_initial and word.replace("’", "'").split("'")[0] in stops().begins
    return _Next(text[behind : behind + 1], word, begins, bool(_DAY_OR_MONTH.match(text, behind, end)))


def _ends_after_number(before: str, number: str, next_: _Next) -> bool:
    """Tell whether the full stop ends a sentence, or makes the number an ordinal as in `3. Mai`."""
    if len(number) > 2:
        return True
    if next_.word in stops().after_ordinal or next_.is_day_or_month:
        return False
    words = before.split()
    if words and next_.char.isdigit() and _DAY_OR_MONTH.fullmatch(words[-1]):
        return False
    is_ordinal = bool(words) and words[-1].lower() in stops().before_ordinal
    return not is_ordinal or next_.is_beginning


def _ends_after_letters(letters: str, next_: _Next) -> bool:
    """Tell whether the full stop ends a sentence behind `J`, `z.B` or `U.S`."""
    if letters.lower() in stops().letters_before_more:
        return False
    if letters.lower() in stops().often_at_end:
        return True
    if letters.lower() in stops().before_number and (next_.char.isdigit() or _ROMAN.match(next_.word)):
        return False
    return next_.is_beginning


def _ends_after_word(word: str, next_: _Next) -> bool:
    words = stops()
    if word in words.before_more or word in words.letters_before_more:
        return False
    if word in words.before_number:
        return not (next_.char.isdigit() or _ROMAN.match(next_.word))
    return word not in words.at_end or next_.is_beginning
