"""Text of others made safe for Markdown: shown as it is, whatever stands in it.

A name with pipes, brackets, HTML or line breaks stays in its table cell, and makes no link, picture or heading.
"""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Template

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Control characters, line separators, and what hides or turns the direction of writing around."""
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()<>#!|~$&:@])")
_MAX_CHARS: Final = 300


class Markdown(str):
    """Text that is Markdown already and stays as it is."""

    __slots__ = ()


def escaped(value: object) -> str:
    """Write a value so that Markdown shows it, on one line."""
    if isinstance(value, Markdown):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    text = " ".join(_CONTROL.sub(" ", str(value)).split())
    shown = text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]}…"
    return _SPECIAL.sub(r"\\\1", shown)


@cache
def markdown_template(folder: Path, name: str) -> "Template":
    """Give a card's template, into which every value goes through `escaped`.

    Args:
        folder: Where it lies.
        name: Its file's name.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        finalize=escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - `finalize` escapes for Markdown, which is what is written
    )
    return environment.get_template(name)
