"""Drives a run as far as it goes: takes it over, folds its journal, continues the loop from there.

drive = claim, fold, then loop until it ends, waits, or is asked to stop
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pydantic import JsonValue

from mainspring import __version__
from mainspring.agent import Agent
from mainspring.agent.job import AnswerForm, Job
from mainspring.agent.loop import Loop
from mainspring.core import Clock, Entry, OnDelta, Parked
from mainspring.core.errors import JournalError, LostRun, MainspringError
from mainspring.core.events import Attempted, CancelAsked, Cancelled, Failed
from mainspring.runs.changes import cancelled
from mainspring.runs.costs import WorstCase, check_prices
from mainspring.runs.definition import Definition, definition_of
from mainspring.runs.door import JournalDoor
from mainspring.runs.forms import Forms, RecordedForm
from mainspring.runs.history import History
from mainspring.runs.identity import is_dead
from mainspring.runs.journal import EVERY, LIVING, Lease, Query, RunRow, Store
from mainspring.runs.leases import Keeper
from mainspring.runs.ledger import in_window
from mainspring.runs.outside import Outside, Submit, due_at
from mainspring.runs.purse import Purse, limits
from mainspring.runs.watch import Watch
from mainspring.runs.writer import Writer

_log = logging.getLogger("mainspring.runs")

_GIVE_UP_S: Final = 5.0
_WAITS: Final = {"human_asked": "a human", "timer_set": "a timer", "child_called": "another run"}


@dataclass(slots=True)
class _Drive:
    """One run in this driver's hands."""

    row: RunRow
    history: History
    writer: Writer
    is_cancelled: bool = False
    door: JournalDoor | None = None
    working: "asyncio.Task[Exception | None] | None" = None

    def cancel(self) -> None:
        """Stop, because somebody wants the run to end."""
        self.is_cancelled = True
        if self.working is not None:
            self.working.cancel()


@dataclass(slots=True, kw_only=True)
class Driver:
    """Drives runs of the agents it knows."""

    store: Store
    agents: Mapping[str, Agent]
    forms: Forms
    clock: Clock
    keeper: Keeper
    watch: Watch
    submit: Submit
    patience_s: float
    """Seconds to wait for a store that is unavailable."""
    is_stopping: bool = False
    _drives: dict[str, _Drive] = field(default_factory=dict)
    _taking: list[str] = field(default_factory=list)
    """Runs that are being taken over."""

    async def drive(self, run: str) -> None:
        """Drive a run as far as it goes now; do nothing where it is not to be had.

        Raises:
            JournalError: The store cannot be read or written; the run stays as the journal has it.
        """
        try:
            await self._drive_on(run)
        except MainspringError as error:
            self.watch.fails(run, error)
            raise

    async def _drive_on(self, run: str) -> None:
        self._taking.append(run)
        try:
            taken = None if self.is_stopping else await self._take(run)
            if taken is not None:
                self._drives[run] = taken[0]
        finally:
            self._taking.remove(run)
        if taken is None:
            return
        drive, agent, definition = taken
        self.keeper.hold(run, lambda: drive.history.n_events, drive.writer.look)
        _log.info("run %s of %s is driven", run, agent.name, extra={"run": run, "agent": agent.name})
        try:
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(drive.writer.work())
                await self._work(drive, agent, definition, group)
                writing.cancel()
        except BaseExceptionGroup as several:
            error = several.exceptions[0]
            if not isinstance(error, LostRun):
                raise error from None
            _log.warning("%s", error)
        finally:
            if self._drives.get(run) is drive:
                self.keeper.let_go(run)
                del self._drives[run]
            self.watch.rests(run, drive.history)
            state = _state(drive.history)
            _log.info("run %s of %s %s", run, agent.name, state, extra={"run": run, "agent": agent.name})

    def is_driving(self, run: str) -> bool:
        """Tell whether a run is in this driver's hands."""
        return run in self._drives

    def has_dropped(self, row: RunRow, *, n_taking: int = 0) -> bool:
        """Tell whether a run counts as driven here, though it is not: the store failed when it was to be written.

        Args:
            row: The run.
            n_taking: How often it may be in the middle of being taken over.
        """
        is_at_hand = row.id in self._drives or self._taking.count(row.id) > n_taking
        return row.driver == self.keeper.driver and not is_at_hand

    def stop(self) -> None:
        """Let nothing new begin: every run is parked at its next effect."""
        self.is_stopping = True
        for drive in self._drives.values():
            if drive.door is not None:
                drive.door.is_stopping = True

    def abort(self) -> None:
        """Stop what is in progress, too; whoever goes on finds it in doubt."""
        self.stop()
        for drive in self._drives.values():
            if drive.working is not None:
                drive.working.cancel()

    async def _take(self, run: str) -> tuple[_Drive, Agent, Definition] | None:
        """Claim a run and fold its journal."""
        rows = await self.store.rows(Query(ids=[run]))
        agent = self.agents.get(rows[0].agent) if rows else None
        if agent is None or rows[0].has_ended:
            return None
        is_dropped = self.has_dropped(rows[0], n_taking=1)
        if rows[0].status == "running" and rows[0].driver == self.keeper.driver and not is_dropped:
            return None  # its lease may have lapsed, but it is at hand
        history = History(await self.store.entries(run))
        definition = await definition_of(self.store, history)
        attempted = Attempted(driver=self.keeper.driver, code=__version__, changed=definition.changes(agent))
        now = self.clock.now()
        driver = rows[0].driver
        is_free = driver is not None and (is_dead(driver) or is_dropped)
        lease = Lease(
            driver=self.keeper.driver,
            now=now,
            until=now + self.keeper.lease_s,
            take_from=driver if is_free else None,
        )
        n_events = await self.store.claim(run, attempted, lease)
        if n_events is None:
            return None
        if n_events == history.n_events + 1:
            history.take([Entry(run=run, seq=n_events - 1, at=now, event=attempted)])
        else:
            history.take(await self.store.entries(run, history.n_events))
        if history.changed:
            _log.warning(
                "run %s goes on under what it started with; since then has changed: %s",
                run,
                ", ".join(history.changed),
                extra={"run": run, "changed": history.changed},
            )
        return self._drive(rows[0], history), agent, definition

    def _drive(self, row: RunRow, history: History) -> _Drive:
        writer = Writer(
            self.store,
            row.id,
            history,
            self.clock,
            patience_s=self.patience_s,
            budgeted=bool(row.budgets),
            wake=row.parent,
            on_written=lambda: self.watch.changed(row.id),
            on_cancel=partial(self._cancel, row.id),
        )
        return _Drive(row, history, writer)

    def _cancel(self, run: str) -> None:
        if (drive := self._drives.get(run)) is not None:
            drive.cancel()

    async def _work(self, drive: _Drive, agent: Agent, definition: Definition, group: asyncio.TaskGroup) -> None:
        """Run the loop, and write down how this drive ended."""
        try:
            if drive.history.cancel_asked is not None:
                raise asyncio.CancelledError  # noqa: TRY301 - it ends as one that is cancelled meanwhile
            loop = await self._loop(drive, agent, definition)
            drive.working = group.create_task(_ended(loop))
            if drive.is_cancelled:
                drive.working.cancel()
            if (error := await drive.working) is not None:
                raise error  # noqa: TRY301 - it was carried over from the loop's task
            await drive.writer.flush()
        except Parked:
            await self._park(drive)
            return
        except asyncio.CancelledError:
            if not drive.is_cancelled and drive.history.cancel_asked is None:
                await self._give_up(drive)
                raise
            drive.writer.later(Cancelled(usage=drive.history.usage))
            await drive.writer.flush()
            await self._cancel_children(drive.row.id, drive.history.cancel_asked)
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever ended the run is written down; it can be resumed
            if not isinstance(error, MainspringError):
                _log.exception("run %s ended by an error that is nobody's on purpose", drive.row.id)
            usage = drive.history.usage
            drive.writer.later(Failed(error=type(error).__name__, message=str(error), usage=usage))
            await drive.writer.flush()
        await self._left(drive)

    async def _loop(self, drive: _Drive, agent: Agent, definition: Definition) -> Loop[JsonValue]:
        known: AnswerForm[JsonValue] = self.forms.known(drive.history.started.answer_schema)
        form = RecordedForm(drive.history, known)
        job = definition.job(agent, drive.history.started, form)
        purse = await self._purse(drive, job)
        outside = Outside(
            row=drive.row,
            store=self.store,
            agents=self.agents,
            forms=self.forms,
            clock=self.clock,
            keeper=self.keeper,
            submit=self.submit,
        )
        drive.door = JournalDoor(
            drive.history,
            drive.writer,
            outside,
            purse=purse,
            responses=self.store if job.cache else None,
            clock=self.clock,
        )
        drive.door.is_stopping = self.is_stopping
        return Loop(job, drive.door, self.clock, partial(self._listener, drive.row.id))

    def _listener(self, run: str) -> OnDelta | None:
        return partial(self.watch.delta, run) if self.watch.wants_deltas(run) else None

    async def _purse(self, drive: _Drive, job: Job[JsonValue]) -> Purse | None:
        if not drive.row.budgets:
            return None
        found, now = await self.store.balances(drive.row.budgets), self.clock.now()
        balances = {name: in_window(balance, now) for name, balance in found.items()}
        check_prices(job, limits(balances))
        return Purse(balances, WorstCase(job), drive.history, drive.writer, self.clock)

    async def _park(self, drive: _Drive) -> None:
        """Write down that the run waits; or, where that is over or it was only asked to stop, that it can go on."""
        await drive.writer.flush()
        waits = drive.history.pending
        dues = [due for entry in waits if (due := due_at(entry.event, entry.at)) is not None]  # type: ignore[arg-type]
        is_waiting = bool(waits) and not self.is_stopping
        due = min(dues, default=None) if is_waiting else None
        status = await drive.writer.flush("waiting" if is_waiting else "pending", due)
        if status == "pending" and not self.is_stopping:
            await self.submit(drive.row)

    async def _give_up(self, drive: _Drive) -> None:
        """Give the run back as it is; what was in the middle of being done is in doubt for whoever goes on."""
        with suppress(TimeoutError):  # its lease lapses
            async with asyncio.timeout(_GIVE_UP_S):
                await drive.writer.flush("pending")

    async def _cancel_children(self, run: str, asked: CancelAsked | None) -> None:
        """Have the runs stop that a cancelled one has begun, the last moment included."""
        for child in await self.store.rows(Query(parent=run, statuses=LIVING, limit=EVERY)):
            if await cancelled(self.store, child, self.clock, "" if asked is None else asked.by):
                await self._cancel_children(child.id, asked)  # it waited, so nobody drives it that would do that
            await self.keeper.look(child.id)

    async def _left(self, drive: _Drive) -> None:
        """End what the run began and has no need of any longer, and let whoever waits for it go on."""
        row, end = drive.row, drive.history.ended
        if end is not None and end.type == "finished" and drive.history.pending:
            await self._cancel_children(row.id, None)
        if row.parent is not None:
            for parent in await self.store.rows(Query(ids=[row.parent])):
                await self.submit(parent)


def _state(history: History) -> str:
    """Say in a word or two how a drive left its run."""
    if history.ended is not None:
        return history.ended.type
    waits = {entry.event.type for entry in history.pending}
    names = [name for kind, name in _WAITS.items() if kind in waits]
    return f"waits for {' and '.join(names)}" if names else "is given back"


async def _ended(loop: Loop[JsonValue]) -> Exception | None:
    """Run the loop, and give what ended it if that was no answer."""
    try:
        await loop.run()
    except Exception as error:  # noqa: BLE001 - carried over to whoever drives
        return error
    return None
