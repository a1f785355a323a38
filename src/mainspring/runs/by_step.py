"""A run's events sorted by step, and within a step by call: what is compared, and what is shown to people.

An event says by its key which step and which call it is about. One without such a key (another driver came, a human
wants the run to stop) stands with whatever was going on at that moment.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mainspring.core import Act, Entry, ToolCall
from mainspring.core.events import ModelReplied, ToolCalled, ToolReturned

_KEY: Final = re.compile(
    r"(?:(?:budget|doubt):\d+:)?(?:model|tool|wait|approval|corrected|escalated|compacted):(?P<turn>\d+)(?::(?P<call>.*))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class CallEntries:
    """One call of a step, and everything that happened about it, in order."""

    call: ToolCall
    """As the model wrote it."""
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class StepEntries:
    """One step: the model was asked, and what came of it."""

    turn: int
    entries: tuple[Entry, ...]
    """What is about no call."""
    calls: tuple[CallEntries, ...]
    """In the order the model wrote them; none before it has replied."""

    @property
    def reply(self) -> ModelReplied | None:
        """What the model said."""
        return next((entry.event for entry in self.entries if isinstance(entry.event, ModelReplied)), None)


@dataclass(frozen=True, slots=True)
class Steps:
    """All of a run."""

    before: tuple[Entry, ...]
    """What came before the first step."""
    steps: tuple[StepEntries, ...]


@dataclass(slots=True)
class _Step:
    turn: int
    entries: list[Entry] = field(default_factory=list)
    calls: dict[str, tuple[ToolCall, list[Entry]]] = field(default_factory=dict)

    def take(self, entry: Entry, call: str | None) -> None:
        event = entry.event
        if call in self.calls:
            self.calls[call][1].append(entry)
            return
        self.entries.append(entry)
        if isinstance(event, ModelReplied) and isinstance(event.decision, Act):
            for wish in event.decision.calls:
                self.calls.setdefault(wish.id, (wish, []))

    @property
    def open_call(self) -> str | None:
        """The call that nothing has come of yet: one that is being made, or else one that waits."""
        waiting: str | None = None
        for name, (_, entries) in self.calls.items():
            kinds = {type(entry.event) for entry in entries}
            if ToolReturned in kinds or not kinds:
                continue
            if ToolCalled in kinds:
                return name
            waiting = waiting or name
        return waiting

    def done(self) -> StepEntries:
        calls = tuple(CallEntries(call, tuple(entries)) for call, entries in self.calls.values())
        return StepEntries(self.turn, tuple(self.entries), calls)


def by_step(entries: Iterable[Entry]) -> Steps:
    """Sort a run's events by step and call."""
    before: list[Entry] = []
    steps: dict[int, _Step] = {}
    now: _Step | None = None
    for entry in entries:
        place = _KEY.fullmatch(getattr(entry.event, "key", ""))
        if place is not None:
            turn = int(place["turn"])
            now = steps.setdefault(turn, _Step(turn))
            now.take(entry, place["call"])
        elif now is not None:
            now.take(entry, now.open_call)
        else:
            before.append(entry)
    return Steps(tuple(before), tuple(steps[turn].done() for turn in sorted(steps)))
