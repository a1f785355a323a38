"""What happens in a run, as one discriminated union of frozen events.

A run is an append-only list of these. `ModelCalled` and `ToolCalled` are intents: they are recorded before
the deed, and exactly one of their outcomes follows. Everything else that can be said of a run is a fold over
the list. Each type has a `VERSION`; `decode` brings older ones up to date and refuses newer ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar, Final, Literal

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import to_json

from mainspring.core.decisions import Decision
from mainspring.core.errors import EventVersionError
from mainspring.core.messages import JsonObject, Message, ToolCall, ToolResult
from mainspring.core.models import FinishReason, Sampling
from mainspring.core.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    VERSION: ClassVar[int] = 1
    """The version that is written."""
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(_Event):
    """A run began: who works, with what model, on what."""

    type: Literal["run_started"] = "run_started"
    agent: str
    agent_digest: str
    """SHA-256 over instructions, tools, answer schema and sampling: tells whether the agent changed."""
    model: str
    messages: tuple[Message, ...]
    """The whole conversation so far, instructions first, the new input last."""
    answer_schema: JsonObject | None = None
    """JSON schema of the answer that was asked for; None for text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCalled(_Event):
    """Intent: the model is about to be asked."""

    type: Literal["model_called"] = "model_called"
    turn: int
    model: str
    n_messages: int
    """How many messages of the conversation it was sent; they are those of the events before this one."""
    request_digest: str
    """SHA-256 over model, messages, options and sampling: equal requests have equal digests."""
    prompt_digest: str
    """SHA-256 of the instructions as rendered."""
    must_answer: bool = False
    sampling: Sampling

    @property
    def key(self) -> str:
        """Name the effect within its run."""
        return f"model:{self.turn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReplied(_Event):
    """Outcome: what the model wrote, and what it decided by that."""

    type: Literal["model_replied"] = "model_replied"
    turn: int
    model: str
    message: Message
    decision: Decision
    finish_reason: FinishReason
    usage: Usage
    duration_s: float
    first_token_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(_Event):
    """Intent: a tool is about to be called."""

    type: Literal["tool_called"] = "tool_called"
    turn: int
    call: ToolCall

    @property
    def key(self) -> str:
        """Name the effect within its run."""
        return f"tool:{self.turn}:{self.call.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReturned(_Event):
    """Outcome: what came of a tool call, an error included; that is the observation the model is shown."""

    type: Literal["tool_returned"] = "tool_returned"
    turn: int
    result: ToolResult
    trusted: bool = False
    """Whether the tool's words count as the operator's own."""
    usage: Usage
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFailed(_Event):
    """Outcome: the deed came to nothing, and the run cannot go on from it."""

    type: Literal["effect_failed"] = "effect_failed"
    key: str
    error: str
    """Name of the error's type."""
    message: str


CorrectionReason = Literal["unusable", "repeated", "wrong_answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(_Event):
    """The loop told the model something: that its words were unusable, or that it goes round in circles."""

    type: Literal["corrected"] = "corrected"
    turn: int
    reason: CorrectionReason
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(_Event):
    """The run has its answer."""

    type: Literal["finished"] = "finished"
    output: JsonValue
    n_steps: int
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(_Event):
    """The run ended without an answer."""

    type: Literal["failed"] = "failed"
    error: str
    """Name of the error's type."""
    message: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(_Event):
    """The run was asked to stop."""

    type: Literal["cancelled"] = "cancelled"
    usage: Usage


Intent = ModelCalled | ToolCalled
Outcome = ModelReplied | ToolReturned
Event = Annotated[
    RunStarted
    | ModelCalled
    | ModelReplied
    | ToolCalled
    | ToolReturned
    | EffectFailed
    | Corrected
    | Finished
    | Failed
    | Cancelled,
    Field(discriminator="type"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of a reply as it is written: streamed to whoever watches, never recorded."""

    type: Literal["delta"] = "delta"
    text: str


Upcaster = Callable[[JsonObject], JsonObject]

UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {}
"""(event type, version) to the function that makes the next version of it."""

_VERSIONS: Final[dict[str, int]] = {
    str(cls.__dataclass_fields__["type"].default): cls.VERSION
    for cls in (
        RunStarted,
        ModelCalled,
        ModelReplied,
        ToolCalled,
        ToolReturned,
        EffectFailed,
        Corrected,
        Finished,
        Failed,
        Cancelled,
    )
}


@cache
def _checked() -> TypeAdapter[Event]:
    return TypeAdapter(Event, config=ConfigDict(extra="forbid"))


def encode(event: Event | Delta) -> bytes:
    """Write an event as JSON."""
    return to_json(event)


def decode(data: Mapping[str, JsonValue]) -> Event:
    """Make an event of its JSON object, whichever version wrote it.

    Raises:
        EventVersionError: A newer Mainspring wrote it, or it is no event at all.
    """
    fields = dict(data)
    name, version = fields.get("type"), fields.get("version", 1)
    known = _VERSIONS.get(name) if isinstance(name, str) else None
    if known is None or not isinstance(version, int) or not 1 <= version <= known:
        raise EventVersionError(
            f"event {name!r} version {version!r} is not known here (newest known: {known}); "
            "read it with the Mainspring that wrote it, or a newer one"
        )
    for older in range(version, known):
        fields = UPCASTERS[str(name), older](fields) | {"version": older + 1}
    try:
        return _checked().validate_json(to_json(fields))
    except ValidationError as error:
        raise EventVersionError(f"event {name!r} version {version} is damaged: {error}") from error
