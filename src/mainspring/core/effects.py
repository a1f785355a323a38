"""The one door: everything that is not a pure function of the run so far goes through `effect` or `wait`.

The intent is recorded before the deed and its outcome after it. Durability, replay, budgets, policy and tracing
are built by putting another door here, and nowhere else. A door that knows the run from an earlier time gives back
what it knows, so that the same loop, run again, comes to where it was.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from mainspring.core.clock import Clock, SystemClock
from mainspring.core.errors import MainspringError
from mainspring.core.events import Derived, EffectFailed, Event, Intent, Outcome, Response, Wait

DerivedT = TypeVar("DerivedT", bound=Derived)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)
ResponseT = TypeVar("ResponseT", bound=Response)
HappenedT = TypeVar("HappenedT", bound=Outcome | Response)

Reconcile = Callable[[], Awaitable[OutcomeT | None]]
"""Finds out what became of an effect that was begun; None if it did not happen."""


class Parked(Exception):
    """Raised by a door when a run cannot go on now: it waits, or its driver is asked to stop.

    What goes on beside it is let end first; then the run leaves memory, and is driven again another time.
    """


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

    @property
    def run(self) -> str:
        """The run's id."""
        ...

    def record(self, event: DerivedT) -> DerivedT:
        """Record something that follows from what is recorded already, and give what stands in the record."""
        ...

    async def effect(
        self,
        intent: Intent,
        perform: Callable[[], Awaitable[OutcomeT]],
        in_doubt: Literal["retry", "ask"] | Reconcile[OutcomeT] = "retry",
    ) -> OutcomeT:
        """Record the intent, perform the deed, record and give its outcome.

        A door that already knows the outcome gives it without performing anything.

        Args:
            intent: What is about to be done.
            perform: Does it.
            in_doubt: What to do about an effect that was begun in an earlier life of the run and has no outcome.

        Raises:
            MainspringError: The deed came to nothing; that is recorded as `EffectFailed`.
            Parked: The run cannot go on now.
        """
        ...

    async def wait(self, intent: Wait, respond: Callable[[], Awaitable[ResponseT]]) -> ResponseT:
        """Record what is waited for, and give the response.

        Args:
            intent: What is waited for.
            respond: Comes to a response here and now, for a door that holds the run in memory meanwhile.

        Raises:
            MainspringError: There is no way to come to one.
            Parked: There is none yet.
        """
        ...

    def knows(self, key: str) -> bool:
        """Tell whether what came of an effect is known from an earlier time, so that nothing is asked about it."""
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

    def record(self, event: DerivedT) -> DerivedT:
        """Append an event."""
        self.append(event)
        return event

    def append(self, event: Event) -> None:
        """Append an event of any kind."""
        self.events.append(event)
        self._times.append(self._now())
        if self._watch is not None:
            self._watch(event)

    async def effect(
        self,
        intent: Intent,
        perform: Callable[[], Awaitable[OutcomeT]],
        in_doubt: Literal["retry", "ask"] | Reconcile[OutcomeT] = "retry",  # noqa: ARG002 - nothing is left in doubt
    ) -> OutcomeT:
        """Record the intent, perform the deed, record and give its outcome."""
        return await self._through(intent, perform)

    async def wait(self, intent: Wait, respond: Callable[[], Awaitable[ResponseT]]) -> ResponseT:
        """Record what is waited for, and wait for it."""
        return await self._through(intent, respond)

    async def _through(self, intent: Intent | Wait, perform: Callable[[], Awaitable[HappenedT]]) -> HappenedT:
        self.append(intent)
        try:
            outcome = await perform()
        except MainspringError as error:
            self.append(EffectFailed(key=intent.key, error=type(error).__name__, message=str(error)))
            raise
        self.append(outcome)
        return outcome

    def knows(self, key: str) -> bool:  # noqa: ARG002 - as the protocol has it
        """Know nothing from earlier times."""
        return False

    def keep(self, content: bytes) -> str:
        """Keep content under its SHA-256."""
        digest = hashlib.sha256(content).hexdigest()
        self.contents[digest] = content
        return digest
