"""HTML: values are escaped, and control characters, which hide or turn words around, are made visible."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Template

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing around."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure of a page, for the macro of `facts.html.jinja`."""

    name: str
    value: str
    remark: str = ""


@cache
def html_template(folder: Path, name: str) -> "Template":
    """Give a page's template, which finds those of its own folder and of this one.

    Args:
        folder: Where it lies.
        name: Its file's name.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([folder, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    return environment.get_template(name)


def _visible(value: object) -> object:
    return _CONTROL.sub(_shown, value) if type(value) is str else value


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
