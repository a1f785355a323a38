"""Runs in a store: start them, find them, stop them, let them go on.

```python
async with open_runs("runs.db") as runs:
    run = await runs.start(agent, "refund order 17", budget=Budget(usd=0.50), id="refund-17")
    async for event in run.stream(): ...
```
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar, overload

from pydantic import JsonValue

from mainspring.agent import Agent
from mainspring.agent.job import Job
from mainspring.core import Budget, Clock, Entry, JsonObject, Message, Rng, SystemClock, SystemRng
from mainspring.core.errors import ConfigError, Conflict
from mainspring.core.events import ChildCalled
from mainspring.runs.changes import resumed
from mainspring.runs.costs import bounded
from mainspring.runs.definition import definition_of
from mainspring.runs.diff import Diff, diff
from mainspring.runs.fork import Departure, beginning
from mainspring.runs.handle import DurableRun
from mainspring.runs.history import History
from mainspring.runs.identity import this_process
from mainspring.runs.inbox import Inbox
from mainspring.runs.journal import Query, RunRow, Store
from mainspring.runs.ledger import Balance, in_window
from mainspring.runs.opening import open_dispatch, open_store
from mainspring.runs.outside import child_id
from mainspring.runs.plans.plans import Plans
from mainspring.runs.purse import limits
from mainspring.runs.replay import Replay, replay
from mainspring.runs.settings import Settings
from mainspring.runs.submission import Terms, first_append, own_budget, submission
from mainspring.runs.windows import Window
from mainspring.runs.working import Working

T = TypeVar("T")

_log = logging.getLogger("mainspring.runs")

DEFAULT_STORE: Final = "mainspring.db"
_SWEPT: Final = 200
"""How many runs one sweep takes at most."""


class Runs:
    """The runs of one store, and this process's part in them.

    Made by `open_runs`.
    """

    def __init__(self, store: Store, working: Working, clock: Clock, rng: Rng) -> None:
        self.store = store
        self.working = working
        """This process's part."""
        self.inbox = Inbox(store, clock, working.hand_in)
        """What waits for a human, and answers to it."""
        self.plans = Plans(self, clock, rng)
        """Goals that outlive runs."""
        self._clock = clock
        self._rng = rng

    def __repr__(self) -> str:
        return f"Runs({self.store.url!r}, agents={list(self.agents)})"

    @property
    def agents(self) -> Mapping[str, Agent]:
        """The agents whose runs this process can drive, by name."""
        return self.working.agents

    def register(self, agent: Agent) -> None:
        """Make an agent known, and those that it calls: this process drives their runs from now on.

        Raises:
            ConfigError: Another agent of that name is known.
        """
        self.working.register(agent)

    @overload
    async def start(
        self, agent: Agent, input: str | Message, *, messages: Sequence[Message] = ...,
        inputs: Mapping[str, object] | None = ..., budget: Budget | None = ..., charge: Iterable[str] = ...,
        id: str | None = ..., priority: int = ..., at: float | None = ...,
    ) -> DurableRun[str]: ...  # fmt: skip

    @overload
    async def start(
        self, agent: Agent, input: str | Message, *, output: type[T], messages: Sequence[Message] = ...,
        inputs: Mapping[str, object] | None = ..., budget: Budget | None = ..., charge: Iterable[str] = ...,
        id: str | None = ..., priority: int = ..., at: float | None = ...,
    ) -> DurableRun[T]: ...  # fmt: skip

    async def start(  # noqa: PLR0913 - one keyword for each thing that can be said of a run
        self,
        agent: Agent,
        input: str | Message,  # noqa: A002 - the word users look for
        *,
        output: type[Any] = str,
        messages: Sequence[Message] = (),
        inputs: Mapping[str, object] | None = None,
        budget: Budget | None = None,
        charge: Iterable[str] = (),
        id: str | None = None,  # noqa: A002 - the word users look for
        priority: int = 0,
        at: float | None = None,
    ) -> DurableRun[Any]:
        """Hand a run in; it is driven by this process, or by whichever worker of the store knows the agent.

        Args:
            agent: Who works.
            input: What it is asked.
            output: The type of the answer.
            messages: What was said before, as in an earlier `result.messages`.
            inputs: What the prompt file's template is filled in with.
            budget: What it, and whatever it starts, may use.
            charge: Names of shared budgets that it draws on, too (`share_budget`).
            id: A name of your own. Where there is a run of that name already, that one is given, and goes on if it
                was cut off: so the same command, run again, continues.
            priority: Higher goes first.
            at: Not before this time, in seconds since the Unix epoch.

        Raises:
            ConfigError: The model's name leads nowhere, the prompt's inputs do not fit, a shared budget is not
                there, a budget in dollars meets a model without a price, or the id names another run.
            JournalError: The store cannot be written to.
        """
        self.register(agent)
        charged = await self._shared(charge)
        job = bounded(agent.job(input, output, messages, inputs), [*charged, *((budget,) if budget else ())])
        self.working.forms.learn(job.form)
        terms = Terms(budget=budget, budgets=tuple(charge), priority=priority, at=at)
        name = id or f"run_{self._rng.token(8)}"
        try:
            await self.store.append(submission(name, agent, job, self._clock.now(), terms))
        except Conflict:
            await self._check_same(name, agent, job)
            await self.working.hand_in(name)
        else:
            await self.working.hand_in_new(name, agent.name, at=at, priority=priority)
        return DurableRun(self, name)

    async def get(self, id: str) -> DurableRun[Any]:  # noqa: A002 - the word users look for
        """Give a run that is there.

        Raises:
            UnknownRun: It is not.
        """
        return DurableRun(self, (await self.row(id)).id)

    async def row(self, id: str) -> RunRow:  # noqa: A002 - the word users look for
        """Give what is known of a run without reading its events.

        Raises:
            UnknownRun: It is not there.
        """
        return await self.working.row(id)

    async def find(self, query: Query | None = None) -> list[RunRow]:
        """Give the rows of runs, the newest first."""
        return await self.store.rows(query or Query())

    async def cancel(self, id: str, *, by: str = "") -> None:  # noqa: A002 - the word users look for
        """Stop a run, and the runs that it waits for; one that has ended is left as it is.

        Raises:
            UnknownRun: It is not there.
        """
        await self.working.cancel(id, by)

    async def resume(self, id: str, *, by: str = "", budget: Budget | None = None) -> DurableRun[Any]:  # noqa: A002 - the word users look for
        """Let a run go on that failed, was cancelled, or waits for more budget; what failed is tried again.

        The runs that it waits for, and that have ended without an answer, go on with it.

        Args:
            id: The run.
            by: Who wants that.
            budget: New limits of its own budget; those that are not given stay.

        Raises:
            UnknownRun: It is not there.
            ConfigError: It has its answer already, or no budget of its own.
        """
        await resumed(self.store, await self.row(id), self._clock, by, budget)
        _, history = await self._record(id)
        called = [
            child_id(id, entry.event.key) for entry in history.pending if isinstance(entry.event, ChildCalled)
        ]
        for row in await self.store.rows(Query(ids=called, statuses=["failed", "cancelled"])):
            await self.resume(row.id, by=by)
        await self.working.hand_in(id)
        return DurableRun(self, id)

    async def replay(self, id: str, agent: Agent | None = None) -> Replay:  # noqa: A002 - the word users look for
        """Play a run again from its journal alone, and tell the first event that departs from the record.

        Args:
            id: The run.
            agent: Derive from this agent instead of from the record: tells whether a change makes a difference.

        Raises:
            UnknownRun: It is not there.
            ConfigError: The agent's prompt takes inputs; they are not in a journal.
        """
        entries, history = await self._record(id)
        definition = await definition_of(self.store, history)
        form = None if agent is None else self.working.forms.known(history.started.answer_schema)
        return await replay(id, entries, definition, agent, form)

    async def fork(
        self,
        id: str,  # noqa: A002 - the word users look for
        *,
        at: int | None = None,
        agent: Agent | None = None,
        result: str | None = None,
        answer: JsonValue = None,
        id_new: str | None = None,
    ) -> DurableRun[Any]:
        """Begin a new run that shares a run's events up to a place, and goes on from there.

        What is not shared is done anew, effects on the outside world included. The new run has the limits of the
        other one's own budget, for itself.

        Args:
            id: The run to depart from.
            at: The first event that is not shared; everything is shared if not given.
            agent: Who goes on, for example `agent.replace(model=..., prompt=...)`; the same agent under what the
                run started with if not given.
            result: What the tool call whose result stands at `at` is to have returned.
            answer: What the human whose answer stands at `at` is to have said.
            id_new: The new run's id; made up if not given.

        Raises:
            UnknownRun: It is not there.
            ConfigError: There is no such event, nothing is left to go on with, or an effect is in doubt there.
        """
        entries, history = await self._record(id)
        departure = Departure(at=at, agent=agent, result=result, answer=answer)
        begun = await beginning(id, entries, await definition_of(self.store, history), departure)
        if agent is not None:
            self.register(agent)
        name, row = id_new or f"run_{self._rng.token(8)}", await self.row(id)
        terms = Terms(
            budget=None if history.submitted is None else history.submitted.budget,
            budgets=tuple(budget for budget in row.budgets if not budget.startswith(own_budget(""))),
            priority=row.priority,
            forked_from=f"{id}:{len(entries) if at is None else at}",
        )
        now = self._clock.now()
        await self.store.append(first_append(name, row.agent, begun.definition, now, terms, begun.events))
        await self.working.hand_in(name)
        return DurableRun(self, name)

    async def share_budget(self, name: str, budget: Budget, *, window: Window | None = None) -> None:
        """Open a budget that many runs may draw on at once (`start(charge=[name])`), or give it new limits.

        Args:
            name: What it is called: a team, a customer, a key.
            budget: Its limits.
            window: It is whole again when a new hour, day or month of UTC begins; never if not given.
        """
        await self.store.allow(name, budget, window=window)

    async def balance(self, name: str) -> Balance:
        """Give what a budget allows, holds back and has spent.

        Raises:
            ConfigError: There is none of that name.
        """
        found = await self.store.balances([name])
        if name not in found:
            raise ConfigError(f"there is no budget {name!r} in {self.store.url}")
        return in_window(found[name], self._clock.now())

    async def diff(self, one: str, other: str) -> Diff:
        """Compare two runs step by step, and tell the first that differs.

        Raises:
            UnknownRun: One of them is not there.
        """
        (entries, _), (others, _) = await self._record(one), await self._record(other)
        return diff(entries, others)

    async def export_messages(self, id: str) -> JsonObject:  # noqa: A002 - the word users look for
        """Give a run as messages and tools in OpenAI's chat format.

        Raises:
            UnknownRun: It is not there.
        """
        from mainspring.runs.export import openai_messages

        entries, history = await self._record(id)
        return openai_messages(entries, await definition_of(self.store, history))

    async def export_page(self, id: str) -> str:  # noqa: A002 - the word users look for
        """Give a run as an HTML page that needs nothing else.

        Raises:
            UnknownRun: It is not there.
        """
        from mainspring.runs.export import page

        entries, history = await self._record(id)
        return page(entries, await definition_of(self.store, history))

    async def sweep(self) -> int:
        """Hand in every run of the known agents that nobody drives though somebody should; gives how many."""
        return await self.working.sweep()

    async def _shared(self, names: Iterable[str]) -> list[Budget]:
        wanted = tuple(names)
        found = await self.store.balances(wanted) if wanted else {}
        if missing := [name for name in wanted if name not in found]:
            raise ConfigError(f"there is no shared budget {missing[0]!r}; open it with `runs.share_budget(...)`")
        return limits(found)

    async def _record(self, id: str) -> tuple[list[Entry], History]:  # noqa: A002 - it is one
        """Give a run's events, and their fold."""
        entries = await self.store.entries((await self.row(id)).id)
        return entries, History(entries)

    async def _check_same(self, id: str, agent: Agent, job: Job[T]) -> None:  # noqa: A002 - it is one
        """Check that the run of that id is the one that is meant."""
        row = await self.row(id)
        started = History(await self.store.entries(id)).started
        is_same = started.messages[-1] == job.messages[-1] and started.answer_schema == job.form.schema
        if row.agent != agent.name or not is_same:
            raise ConfigError(
                f"run {id!r} is another one: agent {row.agent!r} was asked {started.messages[-1].text[:80]!r}; "
                "give the new run an id of its own"
            )


@asynccontextmanager
async def open_runs(
    url: str | Path | Store = DEFAULT_STORE,
    *,
    agents: Iterable[Agent] = (),
    settings: Settings | None = None,
    clock: Clock | None = None,
    rng: Rng | None = None,
) -> AsyncIterator[Runs]:
    """Open a store of runs, and drive them for as long as the context lasts.

    Args:
        url: A file (made if it is not there), `:memory:`, or `postgresql://...`; or a store that is open already,
            and stays so: its runs are driven in this process.
        agents: Agents whose runs are to be driven, also those that another process has begun; `start` makes its
            agent known by itself.
        settings: How this process takes part.
        clock: Tells the time.
        rng: Makes up ids.

    Raises:
        JournalError: The store cannot be opened, is damaged, or was written by a newer Mainspring.
        ConfigError: A package that the store needs is missing.
    """
    settings = settings or Settings()
    clock = clock or SystemClock()
    async with open_store(url) as store, open_dispatch(url, settings, clock) as dispatch:
        rng = rng or SystemRng()
        part = Working(store, dispatch, settings, clock, this_process(rng.token(4)))
        runs = Runs(store, part, clock, rng)
        for agent in agents:
            runs.register(agent)
        working = asyncio.create_task(part.work(), name="mainspring-runs") if settings.work else None
        try:
            yield runs
        finally:
            if working is not None:
                working.cancel()
                await asyncio.wait({working})
