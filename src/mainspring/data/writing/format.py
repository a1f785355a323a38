"""A format: the form in which examples are given to a trainer.

A format says which examples it can write, makes rows of them, says what is wrong with a row that somebody gives
back, and describes its columns for the `datasets` library, so that a column is read the same whatever stands in the
first rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from pydantic import JsonValue

from mainspring.core import JsonObject
from mainspring.data.writing.chosen import Chosen
from mainspring.data.writing.folder import FormatName


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a shard."""

    fields: JsonObject
    rejected: str = ""
    """Id of the refused example that it sets against the accepted one."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a row is about, whatever its format."""

    question: str
    answer: str
    rejected: str = ""
    rest: str = ""
    """What is said between the question and the answer, in JSON."""

    @property
    def text(self) -> str:
        """All of them."""
        return "\n".join(part for part in (self.question, self.rest, self.answer, self.rejected) if part)


class Format(Protocol):
    """A way to write examples."""

    NAME: ClassVar[FormatName]
    PAIRS: ClassVar[bool]
    """Whether it sets refused answers against accepted ones."""
    FEATURES: ClassVar[JsonValue]
    """Its columns, as a dataset card declares them."""

    def why_not(self, chosen: Chosen) -> str:
        """Say why an example cannot be written, in words that are the same for all such; nothing if it can."""
        ...

    def rows(self, chosen: Chosen) -> Iterator[Row]:
        """Make rows of an example that can be written."""
        ...

    def problems(self, fields: JsonObject) -> Iterator[str]:
        """Say what is wrong with the fields of a row."""
        ...

    def words(self, fields: JsonObject) -> Words:
        """Give the words of a row in which nothing is wrong."""
        ...


HAS_CALLS: Final = "it is a conversation with tool calls, which the format 'tools' writes"
HAS_TURNS: Final = "it is a conversation of several turns, which the formats 'openai' and 'tools' write"
