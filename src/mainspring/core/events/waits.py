"""What a run waits for without holding anything in memory: a human, a timer, another run.

Each wait is an intent with one response, joined by their `key`. A response comes from outside the run.
"""

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import JsonValue
from pydantic_core import to_json

from mainspring.core.budget import Budget
from mainspring.core.events.base import Versioned
from mainspring.core.messages import JsonObject, Message, ToolCall
from mainspring.core.usage import NOTHING, Usage

AskKind = Literal["approval", "question", "in_doubt", "budget"]
"""May this call be made? / What is the answer? / Did this effect happen? / May this cost more than was allowed?"""

Verdict = Literal["approve", "deny", "edit", "answer"]
"""`approve`: do it. `deny`: do not. `edit`: do it with other arguments. `answer`: here is what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanAsked(Versioned):
    """A human is asked, and the run waits."""

    type: Literal["human_asked"] = "human_asked"
    key: str
    kind: AskKind
    question: str
    call: ToolCall | None = None
    """The tool call it is about."""
    budget: str | None = None
    """Id of the budget that is short, where more is asked for."""
    within_s: float | None = None
    """Seconds an answer may take; None waits for ever."""
    otherwise: Verdict = "deny"
    """What counts as the answer when none came in time."""

    @property
    def digest(self) -> str:
        """SHA-256 of what is asked: an answer holds for exactly this and nothing else."""
        return hashlib.sha256(to_json((self.key, self.kind, self.question, self.call))).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanAnswered(Versioned):
    """A human's answer; it is used once."""

    type: Literal["human_answered"] = "human_answered"
    key: str
    digest: str
    """Digest of what was asked."""
    verdict: Verdict
    reason: str = ""
    arguments: JsonObject | None = None
    """The arguments to call with instead, for `edit`."""
    value: JsonValue = None
    """What was asked for, for `answer`."""
    by: str
    """Who answered; `deadline` where nobody did in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerSet(Versioned):
    """The run waits for some time to pass."""

    type: Literal["timer_set"] = "timer_set"
    key: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRang(Versioned):
    """The time has passed."""

    type: Literal["timer_rang"] = "timer_rang"
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildCalled(Versioned):
    """Another agent is to work on something, in a run of its own."""

    VERSION: ClassVar[int] = 3
    version: int = 3
    type: Literal["child_called"] = "child_called"
    key: str
    agent: str
    input: str
    """Its task, in words."""
    messages: tuple[Message, ...] = ()
    """The conversation that it is given, its task last; only the task, as the user's words, if empty."""
    answer_schema: JsonObject | None = None
    """JSON schema of the answer that is asked of it; None for text."""
    budget: Budget | None = None
    """What it may use of the caller's budgets; None for all that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildEnded(Versioned):
    """The other run has ended."""

    type: Literal["child_ended"] = "child_ended"
    key: str
    run: str
    output: JsonValue = None
    error: str | None = None
    """What ended it without an answer."""
    usage: Usage = NOTHING


Wait = HumanAsked | TimerSet | ChildCalled
Response = HumanAnswered | TimerRang | ChildEnded
