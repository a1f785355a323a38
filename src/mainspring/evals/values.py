"""When two values, or two texts, are the same: 5 is 5.0, and case, blanks and the order of fields do not count."""

import re
import unicodedata
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json

_BLANKS: Final = re.compile(r"\s+")
_AT_ENDS: Final = " \t\n.,;:!?'\"“”‘’«»„()[]{}*_`"
_CLOSE: Final = 1e-9
"""By what share two numbers may differ and be the same: what writing and reading them costs."""


def folded(text: str) -> str:
    """Give a text without what does not count in comparing: case, width, and how many blanks there are."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()


def normalised(text: str) -> str:
    """Give a folded text without punctuation at its ends."""
    return folded(text).strip(_AT_ENDS)


def words_of(value: JsonValue) -> str:
    """Give an answer as words: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else to_json(value).decode()


def same(one: JsonValue, other: JsonValue) -> bool:
    """Tell whether two values are the same."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or close(one, other, _CLOSE)
    if isinstance(one, str) and isinstance(other, str):
        return folded(one) == folded(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return one is None and other is None


def close(given: float, wanted: float, share: float) -> bool:
    """Tell whether a number is another one, give or take a share of that."""
    try:
        return abs(given - wanted) <= share * abs(wanted)
    except OverflowError:
        return False
