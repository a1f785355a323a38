"""The formats that a dataset can be written in, a file each."""

from collections.abc import Callable, Mapping
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.data.writing.folder import FormatName
from mainspring.data.writing.format import Format
from mainspring.data.writing.formats.alpaca import Alpaca
from mainspring.data.writing.formats.openai import OpenAI
from mainspring.data.writing.formats.preference import Preference
from mainspring.data.writing.formats.prompt_completion import PromptCompletion
from mainspring.data.writing.formats.sharegpt import ShareGPT
from mainspring.data.writing.formats.tools import Tools

FORMATS: Final[Mapping[FormatName, Callable[[str], Format]]] = {
    "openai": OpenAI,
    "prompt_completion": PromptCompletion,
    "sharegpt": ShareGPT,
    "alpaca": Alpaca,
    "preference": Preference,
    "tools": Tools,
}
"""Name to what makes it, given the instructions that each row begins with; none if they are empty."""

__all__ = ["FORMATS", "format_of"]


def format_of(name: str, system: str = "") -> Format:
    """Give the format of that name.

    Raises:
        ConfigError: There is none, or it has no place for instructions.
    """
    made = {str(known): kind for known, kind in FORMATS.items()}.get(name)
    if made is None:
        raise ConfigError(f"there is no format {name!r}; there are {', '.join(FORMATS)}")
    return made(system)
