"""What came of a step's calls as the model is shown it, and how far that is to be trusted."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from mainspring.core import Label, Message, Reply, Request, Unusable, Usage
from mainspring.core.errors import ReplyCut
from mainspring.core.events import ToolReturned


def observed(outcomes: Sequence[ToolReturned]) -> Message:
    """Tell the model what came of a step's calls, in the order it asked."""
    return Message(role="tool", parts=tuple(outcome.result for outcome in outcomes), label=label_of(outcomes))


BROKE_OFF: Final = "the connection broke off before it was complete; write it again"
"""Why a reply cannot be used that nobody is to blame for who wrote it."""


def broken_off(cut: ReplyCut, request: Request, model: str) -> Reply:
    """Give a reply of which a part was shown before its stream broke off: what it cost, nobody knows."""
    decision = Unusable(reason=BROKE_OFF, written=cut.received)
    message = Message(role="assistant", parts=decision.parts, label=request.label, raw=cut.received)
    return Reply(message, decision, Usage(model_calls=1, cost_usd=None), "other", model)


def label_of(outcomes: Sequence[ToolReturned]) -> Label:
    """Label a step's observations: as bad as the worst of them."""
    first, *rest = [_tool_label(outcome.result.name, trusted=outcome.trusted) for outcome in outcomes]
    return first.join(*rest) if rest else first


@lru_cache(maxsize=1024)
def _tool_label(name: str, *, trusted: bool) -> Label:
    return Label(integrity="trusted" if trusted else "untrusted", sources=(f"tool:{name}",))
