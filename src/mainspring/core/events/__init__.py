"""What happens in a run, as one discriminated union of frozen events.

A run is an append-only list of these: `steps` are the loop's, `waits` are what it waits for, `lifecycle` is what
becomes of the run besides. Everything else that can be said of a run is a fold over the list. Each type has a
`VERSION`; `decode` brings older ones up to date and refuses newer ones.
"""

from dataclasses import dataclass
from typing import Literal

from mainspring.core.events.codec import UPCASTERS, Event, decode, decode_json, encode
from mainspring.core.events.lifecycle import (
    Attempted,
    BudgetExceeded,
    BudgetRaised,
    CancelAsked,
    DoubtFound,
    DoubtPolicy,
    Resumed,
    Submitted,
)
from mainspring.core.events.steps import (
    Cancelled,
    Compacted,
    CompactionReason,
    Corrected,
    CorrectionReason,
    EffectFailed,
    Escalated,
    EscalationReason,
    Failed,
    Finished,
    ModelCalled,
    ModelReplied,
    RunStarted,
    ToolCalled,
    ToolReturned,
)
from mainspring.core.events.waits import (
    AskKind,
    ChildCalled,
    ChildEnded,
    HumanAnswered,
    HumanAsked,
    Response,
    TimerRang,
    TimerSet,
    Verdict,
    Wait,
)

Intent = ModelCalled | ToolCalled
Outcome = ModelReplied | ToolReturned
Derived = RunStarted | Corrected | Escalated | Compacted | ToolReturned | Finished
"""What follows from what is recorded already, and is recorded under its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of a reply as it is written: streamed to whoever watches, never recorded."""

    type: Literal["delta"] = "delta"
    text: str


__all__ = [
    "UPCASTERS",
    "AskKind",
    "Attempted",
    "BudgetExceeded",
    "BudgetRaised",
    "CancelAsked",
    "Cancelled",
    "ChildCalled",
    "ChildEnded",
    "Compacted",
    "CompactionReason",
    "Corrected",
    "CorrectionReason",
    "Delta",
    "Derived",
    "DoubtFound",
    "DoubtPolicy",
    "EffectFailed",
    "Escalated",
    "EscalationReason",
    "Event",
    "Failed",
    "Finished",
    "HumanAnswered",
    "HumanAsked",
    "Intent",
    "ModelCalled",
    "ModelReplied",
    "Outcome",
    "Response",
    "Resumed",
    "RunStarted",
    "Submitted",
    "TimerRang",
    "TimerSet",
    "ToolCalled",
    "ToolReturned",
    "Verdict",
    "Wait",
    "decode",
    "decode_json",
    "encode",
]
