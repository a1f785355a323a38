"""Writes one run's events in order, as the only one who may.

What happens within one turn of the event loop is written together: the outcome of one effect and the intent of the
next are one transaction. A write that finds other events in its place looks at them: those of people (an answer, a
wish to stop) are taken in and the write is tried again behind them; another driver's mean that the run is lost.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mainspring.core import Clock, Entry, Event
from mainspring.core.errors import Conflict, JournalError, JournalUnavailable, LostRun
from mainspring.core.events import Attempted, CancelAsked, Cancelled, Failed, Finished
from mainspring.runs.history import History
from mainspring.runs.journal import Append, Journal, Status
from mainspring.runs.ledger import Amounts, DoesNotFit, Reserve, Settle, milliseconds

_log = logging.getLogger("mainspring.runs")

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
_ENDS: Final[dict[type, Status]] = {Finished: "finished", Failed: "failed", Cancelled: "cancelled"}


@dataclass(slots=True)
class _Said:
    """An event on its way into the journal."""

    at: float
    event: Event
    reserve: Reserve | None = None
    settle: Settle | None = None
    written: "asyncio.Future[float] | None" = None


@dataclass(slots=True)
class _Batch:
    said: list[_Said] = field(default_factory=list)
    status: Status | None = None
    due_at: float | None = None


class Writer:
    """Writes to one run.

    Args:
        journal: Where to.
        run: Its id.
        history: What is known of it; kept up.
        clock: Tells when things happened.
        patience_s: Seconds to try again for while the store is unavailable.
        budgeted: Whether the time spent counts against a budget.
        wake: The run that waits for this one's end.
        on_written: Told after every write.
        on_cancel: Told when somebody wants the run to stop.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing a writer stands between
        self,
        journal: Journal,
        run: str,
        history: History,
        clock: Clock,
        *,
        patience_s: float,
        budgeted: bool = False,
        wake: str | None = None,
        on_written: Callable[[], None] = lambda: None,
        on_cancel: Callable[[], None] = lambda: None,
    ) -> None:
        self.run = run
        self._journal = journal
        self._history = history
        self._clock = clock
        self._patience_s = patience_s
        self._budgeted = budgeted
        self._wake = wake
        self._on_written = on_written
        self._on_cancel = on_cancel
        self._said: list[_Said] = []
        self._contents: dict[str, bytes] = {}
        self._something = asyncio.Event()
        self._busy = asyncio.Lock()
        self._counted_s = clock.monotonic()
        self._broken: JournalError | None = None

    async def work(self) -> None:
        """Write what is said until cancelled.

        Raises:
            LostRun: Another driver has taken the run over.
            JournalError: The store cannot be written to.
        """
        while True:
            await self._something.wait()
            if self._broken is not None:
                raise self._broken
            await self.flush()

    async def write(self, event: Event, reserve: Reserve | None = None, settle: Settle | None = None) -> float:
        """Say something, and wait until it is durable; gives the time that stands beside it.

        Raises:
            DoesNotFit: The reservation exceeds what is left of a budget; nothing was written.
            LostRun: Another driver has taken the run over.
            JournalError: The store cannot be written to.
        """
        said = _Said(self._clock.now(), event, reserve, settle)
        said.written = asyncio.get_running_loop().create_future()
        self._say(said)
        return await said.written

    def later(self, event: Event, settle: Settle | None = None) -> None:
        """Say something that is written with what comes next, or by itself if nothing does."""
        self._say(_Said(self._clock.now(), event, settle=settle))

    def keep(self, digest: str, content: bytes) -> None:
        """Keep content, durable with the next event."""
        self._contents[digest] = content

    async def flush(self, status: Status | None = None, due_at: float | None = None) -> Status | None:
        """Write all that was said, and with it a status; give the run's status after it.

        Raises:
            LostRun: Another driver has taken the run over.
            JournalError: The store cannot be written to.
        """
        async with self._busy:
            if self._broken is not None:
                raise self._broken
            self._something.clear()
            batch = _Batch(self._said, status, due_at)
            self._said = []
            for said in batch.said:
                batch.status = _ENDS.get(type(said.event), batch.status)
            if not batch.said and status is None:
                return None
            try:
                return await self._write(batch)
            except JournalError as error:
                self._broken = error
                for said in (*batch.said, *self._said):
                    _tell(said, error)
                raise

    async def look(self) -> None:
        """Take in what others have written meanwhile.

        Raises:
            LostRun: Another driver has taken the run over.
        """
        async with self._busy:
            try:
                self._take_in(await self._journal.entries(self.run, self._history.n_events))
            except LostRun as error:
                self._broken = error
                self._something.set()
                raise

    def _say(self, said: _Said) -> None:
        if self._broken is not None:
            _tell(said, self._broken)
            return
        self._said.append(said)
        self._something.set()

    async def _write(self, batch: _Batch) -> Status | None:
        contents, self._contents = self._contents, {}
        seconds = self._seconds_of_work()
        while True:
            append = self._append(batch, contents, seconds)
            try:
                status = await self._until_available(append)
            except DoesNotFit as refusal:
                self._refuse(batch, refusal)
                if not batch.said and batch.status is None:
                    return None
            except Conflict:
                if await self._is_written(batch):
                    self._confirm(batch)
                    return batch.status
            else:
                self._history.take(self._entries(batch))
                self._confirm(batch)
                return status

    def _append(self, batch: _Batch, contents: dict[str, bytes], seconds: Settle | None) -> Append:
        settled = [said.settle for said in batch.said if said.settle is not None]
        return Append(
            run=self.run,
            expected=self._history.n_events,
            at=self._clock.now(),
            events=tuple((said.at, said.event) for said in batch.said),
            contents=contents,
            status=batch.status,
            due_at=batch.due_at,
            wake=self._wake if batch.status in ("finished", "failed", "cancelled") else None,
            reserve=tuple(said.reserve for said in batch.said if said.reserve is not None),
            settle=(*settled, seconds) if seconds is not None else tuple(settled),
        )

    def _seconds_of_work(self) -> Settle | None:
        """Count the time since the last write."""
        if not self._budgeted:
            return None
        now = self._clock.monotonic()
        spent: Amounts = {"wall_s": milliseconds(now - self._counted_s)}
        self._counted_s = now
        return Settle("", spent)

    async def _until_available(self, append: Append) -> Status:
        """Write, and try again for a while where the store is gone, locked or full."""
        pause_s, waited_s = FIRST_PAUSE_S, 0.0
        while True:
            try:
                return await self._journal.append(append)
            except JournalUnavailable as error:
                if waited_s >= self._patience_s:
                    raise
                _log.warning("run %s waits for its store: %s", self.run, error)
                await asyncio.sleep(pause_s)
                waited_s += pause_s
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _is_written(self, batch: _Batch) -> bool:
        """Look at what stands where the batch was to stand: the batch itself, if a write was in doubt."""
        found = await self._journal.entries(self.run, self._history.n_events)
        mine = [(entry.at, entry.event) for entry in found[: len(batch.said)]]
        is_written = bool(batch.said) and mine == [(said.at, said.event) for said in batch.said]
        self._take_in(found)
        return is_written

    def _take_in(self, entries: list[Entry]) -> None:
        self._history.take(entries)
        if any(isinstance(entry.event, Attempted) for entry in entries):
            raise LostRun(
                f"run {self.run!r} is driven by {self._history.driver!r} now; this driver leaves it alone"
            )
        if any(isinstance(entry.event, CancelAsked) for entry in entries):
            self._on_cancel()

    def _entries(self, batch: _Batch) -> list[Entry]:
        first = self._history.n_events
        return [
            Entry(run=self.run, seq=first + place, at=said.at, event=said.event)
            for place, said in enumerate(batch.said)
        ]

    def _refuse(self, batch: _Batch, refusal: DoesNotFit) -> None:
        for said in batch.said:
            if said.reserve is not None and said.reserve.key == refusal.key:
                _tell(said, refusal)
        batch.said = [said for said in batch.said if said.reserve is None or said.reserve.key != refusal.key]

    def _confirm(self, batch: _Batch) -> None:
        self._on_written()
        for said in batch.said:
            if said.written is not None and not said.written.done():
                said.written.set_result(said.at)


def _tell(said: _Said, error: Exception) -> None:
    if said.written is not None and not said.written.done():
        said.written.set_exception(error)
