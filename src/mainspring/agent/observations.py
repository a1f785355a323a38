"""What came of a step's tool calls as the model is shown it, and how far that is to be trusted."""

from collections.abc import Sequence
from functools import lru_cache

from mainspring.core import Label, Message
from mainspring.core.events import ToolReturned


def observed(outcomes: Sequence[ToolReturned]) -> Message:
    """Tell the model what came of a step's calls, in the order it asked."""
    return Message(role="tool", parts=tuple(outcome.result for outcome in outcomes), label=label_of(outcomes))


def label_of(outcomes: Sequence[ToolReturned]) -> Label:
    """Label a step's observations: as bad as the worst of them."""
    first, *rest = [_tool_label(outcome.result.name, trusted=outcome.trusted) for outcome in outcomes]
    return first.join(*rest) if rest else first


@lru_cache(maxsize=1024)
def _tool_label(name: str, *, trusted: bool) -> Label:
    return Label(integrity="trusted" if trusted else "untrusted", sources=(f"tool:{name}",))
