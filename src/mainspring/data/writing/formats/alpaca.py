"""Alpaca's format: `{"instruction": ..., "input": "", "output": ...}`, one question and one answer."""

from collections.abc import Iterator
from typing import ClassVar, Final

from pydantic import JsonValue

from mainspring.core import JsonObject
from mainspring.core.errors import ConfigError
from mainspring.data.writing.chosen import Chosen
from mainspring.data.writing.folder import FormatName
from mainspring.data.writing.format import HAS_TURNS, Row, Words

_FIELDS: Final = ("instruction", "input", "output")


class Alpaca:
    """Write instructions and outputs; the input is left empty, as a question stands on its own.

    Args:
        system: Must be empty, as the format has no place for it.

    Raises:
        ConfigError: It is not.
    """

    NAME: ClassVar[FormatName] = "alpaca"
    PAIRS: ClassVar = False
    FEATURES: ClassVar[JsonValue] = [{"name": name, "dtype": "string"} for name in _FIELDS]

    def __init__(self, system: str = "") -> None:
        if system:
            raise ConfigError(
                "the format 'alpaca' has no place for a system message; leave it out, or take 'openai'"
            )

    def why_not(self, chosen: Chosen) -> str:
        """Leave out conversations."""
        return HAS_TURNS if chosen.candidate.messages else ""

    def rows(self, chosen: Chosen) -> Iterator[Row]:
        """Write the question as the instruction."""
        yield Row({"instruction": chosen.question, "input": "", "output": chosen.answer})

    def problems(self, fields: JsonObject) -> Iterator[str]:
        """Look for other fields, and for empty ones."""
        if set(fields) != set(_FIELDS):
            yield f"the fields are {sorted(fields)} instead of {sorted(_FIELDS)}"
            return
        for name in _FIELDS:
            value = fields[name]
            if not isinstance(value, str):
                yield f"{name!r} is no text"
            elif name != "input" and not value.strip():
                yield f"{name!r} is empty"

    def words(self, fields: JsonObject) -> Words:
        """Give the instruction and the output."""
        return Words(str(fields["instruction"]), str(fields["output"]))
