"""The one door: everything that is not a pure function of the run so far goes through `effect`.

The intent is recorded before the deed and its outcome after it. Durability, replay, budgets, policy and tracing
are built by putting another door here, and nowhere else.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mainspring.core.clock import Clock, SystemClock
from mainspring.core.errors import MainspringError
from mainspring.core.events import EffectFailed, Event, Intent, Outcome

OutcomeT = TypeVar("OutcomeT", bound=Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event at its place in its run."""

    run: str
    seq: int
    """Place in the run, from 0 without gaps."""
    at: float
    """Seconds since the Unix epoch."""
    event: Event


class Door(Protocol):
    """Records what happens in one run and lets its effects happen."""

    def record(self, event: Event) -> None:
        """Record something that follows from what is recorded already."""
        ...

    async def effect(self, intent: Intent, perform: Callable[[], Awaitable[OutcomeT]]) -> OutcomeT:
        """Record the intent, perform the deed, record and give its outcome.

        A door that already knows the outcome gives it without performing anything.

        Raises:
            MainspringError: The deed came to nothing; that is recorded as `EffectFailed`.
        """
        ...

    def keep(self, content: bytes) -> str:
        """Keep content too large to be said in full, and give the digest under which it is found."""
        ...


class MemoryDoor:
    """Keeps a run in memory, for as long as somebody holds it.

    Args:
        run: The run's id.
        clock: Tells when things happened.
        watch: Told each event right after it was recorded.
    """

    def __init__(self, run: str, clock: Clock | None = None, watch: Callable[[Event], None] | None = None) -> None:
        self.run = run
        self.events: list[Event] = []
        self._times: list[float] = []
        self.contents: dict[str, bytes] = {}
        """What was kept, by its digest."""
        self._now = (clock or SystemClock()).now
        self._watch = watch

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All events with their places and times."""
        return tuple(map(self.entry, range(len(self.events))))

    def entry(self, seq: int) -> Entry:
        """Give the event at a place, with its time.

        Raises:
            IndexError: The run has not come that far.
        """
        return Entry(run=self.run, seq=seq, at=self._times[seq], event=self.events[seq])

    def record(self, event: Event) -> None:
        """Append an event."""
        self.events.append(event)
        self._times.append(self._now())
        if self._watch is not None:
            self._watch(event)

    async def effect(self, intent: Intent, perform: Callable[[], Awaitable[OutcomeT]]) -> OutcomeT:
        """Record the intent, perform the deed, record and give its outcome."""
        self.record(intent)
        try:
            outcome = await perform()
        except MainspringError as error:
            self.record(EffectFailed(key=intent.key, error=type(error).__name__, message=str(error)))
            raise
        self.record(outcome)
        return outcome

    def keep(self, content: bytes) -> str:
        """Keep content under its SHA-256."""
        digest = hashlib.sha256(content).hexdigest()
        self.contents[digest] = content
        return digest
