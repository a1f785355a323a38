"""What a model decided in one step: to act, or to answer. The two are different types.

A third type says that its words could be neither. No caller ever has to guess which one it holds.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from mainspring.core.messages import ToolCall


class _Decision(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    thought: str = ""
    """What the model said to itself first; empty where it kept that to itself."""


class Act(_Decision):
    """An intermediate state: the model wants these tools called, side by side."""

    type: Literal["act"] = "act"
    calls: tuple[ToolCall, ...]


class Answer(_Decision):
    """The final answer: a string, or a JSON value of the schema that was asked for."""

    type: Literal["answer"] = "answer"
    value: JsonValue


class Unusable(_Decision):
    """Words that are neither, with the reason told back to the model so that it can mend them."""

    type: Literal["unusable"] = "unusable"
    reason: str


Decision = Annotated[Act | Answer | Unusable, Field(discriminator="type")]
