"""What the loop does in a run: ask the model, call tools, tell the model what was wrong, end.

`ModelCalled` and `ToolCalled` are intents: they are recorded before the deed, and exactly one of their outcomes
follows. Every event has a `key` that names it within its run, however often the run is driven.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import JsonValue

from mainspring.core.decisions import Decision
from mainspring.core.events.base import Versioned
from mainspring.core.labels import Label
from mainspring.core.messages import JsonObject, Message, ToolCall, ToolResult
from mainspring.core.models import FinishReason, Sampling
from mainspring.core.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Versioned):
    """A run began: who works, with what model, on what."""

    VERSION: ClassVar[int] = 2
    version: int = 2
    type: Literal["run_started"] = "run_started"
    agent: str
    agent_digest: str
    """SHA-256 over instructions, tools, answer schema and sampling: tells whether the agent changed."""
    model: str
    messages: tuple[Message, ...]
    """The whole conversation so far, instructions first, the new input last."""
    answer_schema: JsonObject | None = None
    """JSON schema of the answer that was asked for; None for text."""

    @property
    def key(self) -> str:
        """Name the event within its run."""
        return "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCalled(Versioned):
    """Intent: the model is about to be asked."""

    type: Literal["model_called"] = "model_called"
    turn: int
    model: str
    n_messages: int
    """How many messages it was sent: those of the events before this one, less what made room."""
    request_digest: str
    """SHA-256 over model, messages, options and sampling: equal requests have equal digests. A bound that a budget
    puts on the reply's length does not count: a reply that was cut off is never used again."""
    prompt_digest: str
    """SHA-256 of the instructions as rendered."""
    must_answer: bool = False
    sampling: Sampling

    @property
    def key(self) -> str:
        """Name the effect within its run."""
        return f"model:{self.turn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReplied(Versioned):
    """Outcome: what the model wrote, and what it decided by that."""

    VERSION: ClassVar[int] = 3
    version: int = 3
    type: Literal["model_replied"] = "model_replied"
    turn: int
    model: str
    member: str = ""
    """Which server of a pool answered; empty where there is one."""
    decision: Decision
    label: Label
    """As bad as the worst that the model had read."""
    raw: str | None = None
    """The exact text it wrote, where that is sent back to it unchanged."""
    finish_reason: FinishReason
    usage: Usage
    duration_s: float
    first_token_s: float | None = None
    cached: bool = False
    """Whether an equal request was answered before, and that answer was used again, free of charge."""

    @property
    def key(self) -> str:
        """Name the effect within its run."""
        return f"model:{self.turn}"

    @property
    def message(self) -> Message:
        """Say the decision as a message of the conversation."""
        return Message(role="assistant", parts=self.decision.parts, label=self.label, raw=self.raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(Versioned):
    """Intent: a tool is about to be called."""

    type: Literal["tool_called"] = "tool_called"
    turn: int
    call: ToolCall

    @property
    def key(self) -> str:
        """Name the effect within its run."""
        return f"tool:{self.turn}:{self.call.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReturned(Versioned):
    """Outcome: what came of a tool call, an error included; that is the observation the model is shown."""

    type: Literal["tool_returned"] = "tool_returned"
    turn: int
    result: ToolResult
    trusted: bool = False
    """Whether the tool's words count as the operator's own."""
    usage: Usage
    duration_s: float

    @property
    def key(self) -> str:
        """Name the effect within its run."""
        return f"tool:{self.turn}:{self.result.call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFailed(Versioned):
    """Outcome: the deed came to nothing, and the run cannot go on from it."""

    type: Literal["effect_failed"] = "effect_failed"
    key: str
    error: str
    """Name of the error's type."""
    message: str


CorrectionReason = Literal["unusable", "repeated", "wrong_answer", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Versioned):
    """The loop told the model something: that its words were unusable, or that it goes round in circles."""

    VERSION: ClassVar[int] = 4
    version: int = 4
    type: Literal["corrected"] = "corrected"
    turn: int
    reason: CorrectionReason
    problem: str = ""
    """What was wrong, where the reason alone does not say it."""
    message: Message

    @property
    def key(self) -> str:
        """Name the event within its run."""
        return f"corrected:{self.turn}"


EscalationReason = Literal["unusable", "wrong_answer", "tool_error", "judge"]
"""A reply that could not be used / an answer that does not fit its form / a step of which nothing came but errors /
an answer that the judge refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Versioned):
    """A dearer model goes on from here: the one before was not up to it."""

    type: Literal["escalated"] = "escalated"
    turn: int
    """The step that went wrong."""
    from_model: str
    """The model that was to be asked so far; a budget may have had a cheaper one asked."""
    to_model: str
    reason: EscalationReason
    problem: str
    """What went wrong, in words."""
    from_usd: Decimal | None = None
    """What the one before takes for a call like the last one, in US dollars; None where that is not known."""
    to_usd: Decimal | None = None
    """What the dearer one takes for it."""

    @property
    def key(self) -> str:
        """Name the event within its run."""
        return f"escalated:{self.turn}"


CompactionReason = Literal["full", "refused"]
"""The conversation takes the share of the window that it may / the model's server refused it as too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted(Versioned):
    """Room was made in the conversation: from here on the model is sent less of what is old."""

    type: Literal["compacted"] = "compacted"
    turn: int
    """The step before whose model call that was."""
    reason: CompactionReason
    n_replaced: int
    """How many messages the summary stands for; none where it was enough to shorten results."""
    n_shortened: int
    """How many tool results are shown in part from here on."""
    tokens_before: int
    """What the conversation took, as far as that can be told from what servers have counted."""
    tokens_after: int
    """What it takes from here on, by the same measure."""
    size_bytes: int
    """Bytes of what is said from here on."""
    by: str | None
    """The agent that wrote the summary; None where there is none."""
    problem: str = ""
    """Why there is no summary, or less than one, where there should be."""
    message: Message | None = None
    """What is said in the place of the messages."""

    @property
    def key(self) -> str:
        """Name the event within its run."""
        return f"compacted:{self.turn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Versioned):
    """The run has its answer."""

    type: Literal["finished"] = "finished"
    output: JsonValue
    n_steps: int
    usage: Usage

    @property
    def key(self) -> str:
        """Name the event within its run."""
        return "finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Versioned):
    """The run ended without an answer."""

    type: Literal["failed"] = "failed"
    error: str
    """Name of the error's type."""
    message: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Versioned):
    """The run was asked to stop."""

    type: Literal["cancelled"] = "cancelled"
    usage: Usage
