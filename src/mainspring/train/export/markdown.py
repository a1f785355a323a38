"""Text of others made safe for Markdown: shown as it is, on one line, whatever stands in it."""

import re
from typing import Final

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Control characters, line separators, and what hides or turns the direction of writing around."""
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()<>#!|~$&:@])")
_MAX_CHARS: Final = 300


class Markdown(str):
    """Text that is Markdown already and stays as it is."""

    __slots__ = ()


def escaped(value: object) -> str:
    """Write a value so that Markdown shows it: a name with pipes or HTML stays in its cell, and is no heading."""
    if isinstance(value, Markdown):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    text = " ".join(_CONTROL.sub(" ", str(value)).split())
    shown = text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]}…"
    return _SPECIAL.sub(r"\\\1", shown)
