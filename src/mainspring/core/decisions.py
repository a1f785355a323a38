"""What a model decided in one step: to act, or to answer. The two are different types.

A third type says that its words could be neither. No caller ever has to guess which one it holds.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, JsonValue
from pydantic_core import to_json

from mainspring.core.messages import Part, Text, ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    thought: str = ""
    """What the model said to itself first; empty where it kept that to itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(_Decision):
    """An intermediate state: the model wants these tools called, side by side."""

    type: Literal["act"] = "act"
    calls: tuple[ToolCall, ...]
    enough: int | None = None
    """How many good results are enough: the other calls are not waited for any longer. None waits for all."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Say it as the parts of a message."""
        return (Text(text=self.thought), *self.calls) if self.thought else self.calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(_Decision):
    """The final answer: a string, or a JSON value of the schema that was asked for."""

    type: Literal["answer"] = "answer"
    value: JsonValue

    @property
    def parts(self) -> tuple[Part, ...]:
        """Say it as the parts of a message."""
        return (Text(text=self.value if isinstance(self.value, str) else to_json(self.value).decode()),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable(_Decision):
    """Words that are neither, with the reason told back to the model so that it can mend them."""

    type: Literal["unusable"] = "unusable"
    reason: str
    written: str = ""
    """What the model wrote, cut to what is worth keeping."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Say it as the parts of a message."""
        return (Text(text=self.written),)


Decision = Annotated[Act | Answer | Unusable, Field(discriminator="type")]
