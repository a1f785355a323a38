"""What the tests of durable runs share: agents that play a script by turn, stores that fail on purpose, crashes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from mainspring import Agent, ScriptedModel
from mainspring.core import Clock, Entry, Event, FakeClock, OnDelta, Reply, Request, SeededRng
from mainspring.core.errors import JournalError, JournalUnavailable
from mainspring.core.events import Attempted, Submitted
from mainspring.models.prices import Rates
from mainspring.models.scripted import Line
from mainspring.runs import DurableRun, Pending, Runs, Settings, Status, open_runs
from mainspring.runs.journal import Append, Lease, NewRun, Store
from mainspring.runs.stores.sqlite import SqliteStore
from mainspring.tools import idempotency_key

WORDS = "count to three, " * 20
"""What makes more than one token."""
PRICE = Rates(input=Decimal(1000), output=Decimal(2000))
"""A tenth of a cent for an input token, two for an output token."""
FAST = Settings(sweep_s=0.02, lease_s=30.0, grace_s=0.2, patience_s=10.0)


def agent(
    lines: Iterable[Any],
    *tools: Callable[..., object],
    name: str = "helper",
    **settings: Any,
) -> Agent:
    """Make an agent whose model says, at each turn of any run, the line of that turn."""
    made: dict[str, Any] = {"tools": tools, "model": plays(lines)}
    return Agent(name, **made | settings)


def plays(lines: Iterable[Any], **settings: Any) -> ScriptedModel:
    """Make a model that says, at each turn of any run, the line of that turn."""
    said = list(lines)

    def line(request: Request) -> Line:
        found: Line | Callable[[Request], Line] = said[request.turn]
        return found(request) if callable(found) else found

    return ScriptedModel([line] * 1000, **settings)


class Tally:
    """Remembers under which keys a tool worked."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def count(self) -> None:
        """Count the call that is being made."""
        self.keys.append(idempotency_key())


@asynccontextmanager
async def opened(
    store: str | Path | Store = ":memory:",
    *agents: Agent,
    clock: Clock | None = None,
    seed: int = 0,
    **settings: Any,
) -> AsyncIterator[Runs]:
    """Open runs that are quick to notice things; give each process of a test a seed of its own."""
    where = str(store) if isinstance(store, Path) else store
    async with open_runs(
        where,
        agents=agents,
        settings=replace(FAST, **settings),
        clock=clock or FakeClock(1000.0),
        rng=SeededRng(seed),
    ) as runs:
        yield runs


class Faulty(SqliteStore):
    """A store whose process dies when a certain event is about to be written, or that a test gets in the way of."""

    def __init__(self, path: str | Path = ":memory:", **settings: Any) -> None:
        super().__init__(path, **settings)
        self.dies_at: Callable[[Event], bool] = lambda _: False
        self.died = asyncio.Event()
        self.before: Callable[[Append], object] = lambda _: None
        """Told of every batch before it is written; may raise."""
        self.after: Callable[[Append], object] = lambda _: None
        """Told of every batch after it is written; may raise."""
        self.refused = asyncio.Event()
        """Set when the database did not take a batch."""

    async def append(self, batch: Append) -> Status:
        """Write a batch, or die."""
        if self.died.is_set() or any(self.dies_at(event) for _, event in batch.events):
            self.died.set()
            raise JournalError("the process has died")
        self.before(batch)
        try:
            status: Status = await super().append(batch)
        except JournalUnavailable:
            self.refused.set()
            raise
        self.after(batch)
        return status

    def revive(self) -> None:
        """Work as any other store from now on."""
        self.dies_at = lambda _: False
        self.died = asyncio.Event()


@asynccontextmanager
async def faulty(path: str | Path = ":memory:", **settings: Any) -> AsyncIterator[Faulty]:
    """Open a store that can be made to fail."""
    store = Faulty(path, **settings)
    await store.ready()
    try:
        yield store
    finally:
        await store.close()


async def crash(
    store: Faulty, clock: FakeClock, worker: Agent, at: Callable[[Event], bool], words: str = "go", **terms: Any
) -> str:
    """Start a run in a process that dies when an event is about to be written; give the run's id."""
    store.dies_at = at
    async with opened(store, clock=clock) as runs:
        run: DurableRun[Any] = await runs.start(worker, words, **terms)
        await store.died.wait()
    store.revive()
    clock.advance(3600.0)
    return run.id


async def copied(source: Store, run: str, n_events: int, target: Store) -> list[Event]:
    """Put the first events of a run into another store, as if its process had died after them."""
    entries = (await source.entries(run))[:n_events]
    (row,) = [row for row in await source.rows(_every()) if row.id == run]
    submitted = entries[0].event
    assert isinstance(submitted, Submitted)
    await target.append(
        Append(
            run=run,
            expected=0,
            at=row.created_at,
            events=tuple((entry.at, entry.event) for entry in entries),
            contents={submitted.definition: await source.content(submitted.definition)},
            create=NewRun(agent=row.agent),
        )
    )
    return [entry.event for entry in entries]


async def taken_over(store: Store, run: str, by: str = "another driver") -> None:
    """Have another driver claim a run whose driver has died, as far as it can tell."""
    (row,) = [row for row in await store.rows(_every()) if row.id == run]
    lease = Lease(driver=by, now=row.updated_at, until=row.updated_at + 1e6, take_from=row.driver)
    assert await store.claim(run, Attempted(driver=by, code="test"), lease) is not None


async def parked(run: DurableRun[Any]) -> None:
    """Wait until a run waits for something."""
    async with asyncio.timeout(10):
        while (await run.row()).status != "waiting":
            pass


async def the_question(run: DurableRun[Any]) -> Pending:
    """Wait until a run asks one thing, and give it."""
    async for _ in run.stream():
        pass
    (asked,) = await run.pending()
    return asked


def steps(events: Iterable[Event | Entry]) -> list[Event]:
    """Give the events that do not tell who drove the run, and how often."""
    plain = [item.event if isinstance(item, Entry) else item for item in events]
    return [event for event in plain if event.type not in {"submitted", "attempted", "doubt_found"}]


def _every() -> Any:
    from mainspring.runs import Query

    return Query(limit=10_000)


class Held(ScriptedModel):
    """A model that answers when it is let."""

    def __init__(self, script: Iterable[Any], **settings: Any) -> None:
        super().__init__(script, **settings)
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Say the next line, once that is allowed."""
        self.begun.set()
        await self.go.wait()
        return await super().ask(request, on_delta)
