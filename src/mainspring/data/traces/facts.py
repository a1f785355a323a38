"""What is known of a run that a filter may ask about: how it ended, what humans said, what it took, where from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from mainspring.core import Entry, Label, label_of
from mainspring.core.events import (
    Corrected,
    Failed,
    Finished,
    HumanAnswered,
    HumanAsked,
    ModelReplied,
    ToolReturned,
    Verdict,
)
from mainspring.runs import RunRow
from mainspring.runs.history import History
from mainspring.runs.transcript import transcript

_NOBODY: Final = "deadline"
"""Who answers where nobody did in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one run that has ended."""

    row: RunRow
    is_finished: bool
    """Whether it has its answer."""
    is_failed: bool
    verdicts: tuple[Verdict, ...]
    """What humans said, in the order they were asked; a refusal because nobody answered in time is among them."""
    is_corrected: bool
    """Whether the model was told that something was wrong with a reply."""
    n_steps: int
    cost_usd: Decimal | None
    """US dollars; None where a price is not known."""
    models: tuple[str, ...]
    """Those that replied, in order."""
    tools: tuple[str, ...]
    """Those that were called, in order."""
    label: Label
    """The worst of all that was said in it."""


def facts_of(row: RunRow, entries: Sequence[Entry], history: History) -> Facts:
    """Say what is known of a run.

    Args:
        row: Its row.
        entries: All of its events.
        history: The fold over them.
    """
    events = [entry.event for entry in entries]
    replies = [event for event in events if isinstance(event, ModelReplied)]
    returned = [event.result.name for event in events if isinstance(event, ToolReturned)]
    return Facts(
        row=row,
        is_finished=isinstance(history.ended, Finished),
        is_failed=isinstance(history.ended, Failed),
        verdicts=tuple(_verdicts(history)),
        is_corrected=any(isinstance(event, Corrected) for event in events),
        n_steps=len({reply.turn for reply in replies}),
        cost_usd=history.usage.cost_usd,
        models=tuple(dict.fromkeys(reply.model for reply in replies)),
        tools=tuple(dict.fromkeys(returned)),
        label=label_of(transcript(events)),
    )


def _verdicts(history: History) -> Iterator[Verdict]:
    """Give what humans said of calls and questions; what was granted because nobody answered is nobody's word."""
    for key, event in history.happened.items():
        asked = history.begun.get(key)
        if not isinstance(event, HumanAnswered) or asked is None or not isinstance(asked.event, HumanAsked):
            continue
        if asked.event.kind in ("approval", "question") and (event.by != _NOBODY or event.verdict == "deny"):
            yield event.verdict
