"""The seam to language models: what is asked, what comes back, and the protocol between.

A `Request` says what was said so far and what the model may do next; a `Reply` holds its decision. How that
travels (native tool calls, one JSON object, plain text) is the model room's affair.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from mainspring.core.decisions import Decision
from mainspring.core.labels import UNKNOWN, Label
from mainspring.core.messages import JsonObject, Message
from mainspring.core.usage import Usage

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "other"]


class Sampling(BaseModel):
    """How the model picks its words; None leaves the choice to the model's own default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = None
    max_output_tokens: int | None = Field(default=None, gt=0)
    """Most tokens one reply may have."""
    stop: tuple[str, ...] = ()

    def over(self, defaults: "Sampling") -> "Sampling":
        """Give these settings, with the gaps filled from the defaults."""
        return defaults.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model is shown it."""

    name: str
    description: str
    parameters: JsonObject
    """JSON schema of the arguments, an object."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Options:
    """What the model may do in a step: call one of these tools, or answer.

    Compared by identity, so that what is encoded for it is encoded once.
    """

    tools: tuple[ToolSpec, ...] = ()
    answer: JsonObject | None = None
    """JSON schema of the answer; None for free text."""
    must_answer: bool = False
    """True where the tools are shown but may not be called any more."""
    max_calls: int | None = None
    """How many tools one step may call; None for as many as the model sees fit."""


@dataclass(frozen=True, slots=True)
class Request:
    """One model call."""

    messages: Sequence[Message]
    options: Options
    sampling: Sampling
    label: Label = UNKNOWN
    """The worst of what was said so far: what the model writes is no better."""
    turn: int = 0
    """Which step of the run asks; names the calls of a model that does not name them itself."""
    session: str = ""
    """Names the conversation: calls of one session go to one server while that is wise, for its prefix cache."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model call gave."""

    message: Message
    decision: Decision
    usage: Usage
    finish_reason: FinishReason
    model: str
    """The model that answered, by the name its server gives it."""
    member: str = ""
    """Which server answered, where there were several to ask."""


OnDelta = Callable[[str], None]
"""Told each piece of text as it is written."""


class Model(Protocol):
    """Something that can be asked what to do next."""

    @property
    def name(self) -> str:
        """The name under which it is recorded, `provider:model`."""
        ...

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Ask for one decision.

        Raises:
            ModelError: No usable reply came, and the model's own retries are spent.
        """
        ...


@runtime_checkable
class Priced(Protocol):
    """A model that knows what its calls cost."""

    def price(self, usage: Usage) -> Decimal | None:
        """Give the US dollars of a usage; None where they are not known."""
        ...


@runtime_checkable
class Hedged(Protocol):
    """A model that may send one call to several servers, each of which charges for it."""

    @property
    def calls_at_most(self) -> int:
        """How many servers one call is sent to at most; a budget holds back that many times its worst case."""
        ...


@runtime_checkable
class Windowed(Protocol):
    """A model of which it may be known how long a conversation with it may be."""

    @property
    def context_tokens(self) -> int | None:
        """The tokens that a prompt and its reply may have together; None where nobody knows."""
        ...
