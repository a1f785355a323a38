"""What a run used, added up as its events come, and the words for it."""

from decimal import Decimal

from mainspring.core import NOTHING, Entry, Event, Usage
from mainspring.core.events import (
    Attempted,
    BudgetRaised,
    CancelAsked,
    ChildCalled,
    HumanAnswered,
    ModelCalled,
    ModelReplied,
    Resumed,
    TimerRang,
    ToolReturned,
)

_AFTER_A_PAUSE = (Attempted, BudgetRaised, CancelAsked, HumanAnswered, Resumed, TimerRang)
"""What comes after a time in which nobody worked on the run."""


class Tally:
    """Steps, tokens, seconds and dollars of one run."""

    def __init__(self) -> None:
        self.n_steps = 0
        self.usage: Usage = NOTHING
        self.work_s = 0.0
        """Seconds that were worked; those in which it waited for a human or for a driver are left out."""
        self._n_calls = 0
        self._last: Entry | None = None

    def take(self, entry: Entry) -> None:
        """Add up what happened."""
        event = entry.event
        if isinstance(event, ModelReplied | ToolReturned):
            self.usage += event.usage
        self.n_steps += isinstance(event, ModelReplied)
        self._n_calls += isinstance(event, ModelCalled)
        if self._last is not None and not _is_pause(self._last.event, event):
            self.work_s += max(0.0, entry.at - self._last.at)
        self._last = entry

    @property
    def cost(self) -> str:
        """What it cost; that is not known while a reply is missing."""
        return cost_text(self.usage) if self._n_calls <= self.n_steps else "cost unknown"

    @property
    def words(self) -> str:
        """All of it in a line."""
        usage = self.usage
        cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
        return " · ".join(
            (
                count(self.n_steps, "step"),
                f"{usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out",
                f"{self.work_s:.1f} s",
                self.cost,
            )
        )


def cost_text(usage: Usage) -> str:
    """Say what something cost."""
    if usage.cost_usd is None:
        return "cost unknown"
    return dollars(usage.cost_usd) if usage.cost_usd else "$0 (local)"


def dollars(amount: Decimal) -> str:
    """Write US dollars: two digits of cents, or three that count where it is less than one."""
    if not amount:
        return "$0"
    return f"${amount:.2f}" if amount >= 1 else f"${Decimal(f'{amount:.3g}'):f}"


def count(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _is_pause(before: Event, event: Event) -> bool:
    return isinstance(event, _AFTER_A_PAUSE) and not isinstance(before, ChildCalled)
