"""What every way of making a model act has in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from mainspring.core import Decision, FinishReason, JsonObject, Message, Options, ToolCall
from mainspring.prompts import Prompt

ModeName = Literal["structured", "native", "text"]


@dataclass(frozen=True, slots=True)
class WireCall:
    """A native tool call as it came over the wire."""

    id: str
    name: str
    arguments: str
    """JSON text, as the model wrote it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote, before anybody asked what it means."""

    text: str
    calls: tuple[WireCall, ...]
    finish_reason: FinishReason
    thought: str = ""
    """What a reasoning model said to itself, where the server hands that over apart."""


class Mode(Protocol):
    """One way to make a model act: how things are said to it, and what its words mean."""

    @property
    def name(self) -> ModeName:
        """The name it is recorded and configured by."""
        ...

    def preamble(self, options: Options) -> str:
        """Give the words added to the instructions: what may be called, and how to say so."""
        ...

    def fields(self, options: Options) -> Mapping[str, object]:
        """Give the request fields that hold the model to it."""
        ...

    def wire(self, message: Message) -> list[JsonObject]:
        """Put a message into the wire's form; one of ours may be several of theirs."""
        ...

    def decide(self, written: Written, options: Options, turn: int) -> Decision:
        """Say what the model's words mean."""
        ...


@cache
def template(name: ModeName | Literal["results"]) -> Prompt:
    """Give one of this folder's prompt files."""
    return Prompt.load(Path(__file__).parent / f"{name}.prompt.md")


def call_id(turn: int, place: int) -> str:
    """Name a call that the model did not name: by its step and its place in it."""
    return f"call_{turn}_{place}"


def results_as_text(message: Message) -> str:
    """Put the observations of a step into words."""
    lines = (
        f"{'Error from' if result.is_error else 'Result of'} {result.name}: {result.text}"
        for result in message.results
    )
    return "\n".join((*lines, template("results").render()))


def calls_as_json(calls: tuple[ToolCall, ...]) -> list[JsonObject]:
    """Put tool calls into the form the models of this package write them in."""
    return [{"tool": call.name, "arguments": call.arguments} for call in calls]


CUT_OFF = "it was cut off before it was complete; write a shorter one"
"""The reason given for a reply that ended for lack of tokens."""
