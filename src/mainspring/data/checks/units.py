"""Units: which one stands behind a number, in any of the languages.

The units are the file `units.toml`. Nothing is converted: who writes hours where the source says minutes is asked
to write minutes.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import TypeAdapter

_BEHIND: Final = re.compile(r"[ \u00a0\u202f-]?(%|°\s?[CF]\b|[€$£]|[^\W\d_]+(?:-hours)?)(?:\s([^\W\d_]+))?")
_WORD_CHARS: Final = 3
"""Shorter ones are symbols, which mean something else in the other case."""


def unit_behind(text: str, offset: int) -> tuple[str, int]:
    """Give the unit that stands at an offset, empty where none does, and where it ends."""
    match = _BEHIND.match(text, offset)
    if match is None:
        return "", offset
    long = _unit(f"{match[1]} {match[2]}") if match[2] else ""
    unit = long or _unit(match[1])
    return unit, match.end(2 if long else 1) if unit else offset


def unit_before(text: str, offset: int) -> str:
    """Give the currency that stands right before an offset; empty where none does."""
    symbol = text[max(offset - 2, 0) : offset].rstrip()[-1:]
    return symbol if symbol and symbol in "$€£" else ""


def is_unit(word: str) -> bool:
    """Tell whether a word is of a unit's name."""
    return word in _names() or (len(word) >= _WORD_CHARS and word.lower() in _names())


def _unit(words: str) -> str:
    spellings = _spellings()
    return spellings.get(words) or (spellings.get(words.lower(), "") if len(words) >= _WORD_CHARS else "")


@cache
def _names() -> frozenset[str]:
    return frozenset(word for spelling in _spellings() for word in spelling.split())


@cache
def _spellings() -> dict[str, str]:
    raw = tomllib.loads(files(__package__).joinpath("units.toml").read_text("utf-8"))
    table = TypeAdapter(dict[str, list[str]]).validate_python(raw)
    return {spelling: unit for unit, spellings in table.items() for spelling in spellings}
