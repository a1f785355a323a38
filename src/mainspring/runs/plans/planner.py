"""Takes up what is due of the plans of a store: begins runs, and takes in how they ended.

What is to be begun is written into the plan before the run is made, under a name that whoever comes next gives it,
too. So a process that dies in between leaves a task whose run is not there, and the next one makes it; and of two
that come at once, one run remains.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final, Protocol

from pydantic_core import to_json

from mainspring.agent import Agent
from mainspring.agent.job import AnswerForm
from mainspring.core import Clock, label_of
from mainspring.core.errors import ConfigError, Conflict, JournalError, JournalUnavailable, MainspringError
from mainspring.core.events import Failed, Finished
from mainspring.runs.costs import bounded
from mainspring.runs.history import History
from mainspring.runs.journal import Append, Query, RunRow, Store
from mainspring.runs.plans.changes import begun, failed, finished, outcome, stopped
from mainspring.runs.plans.kept import read, written
from mainspring.runs.plans.plan import Outcome, Plan, PlannedTask, budgets_of
from mainspring.runs.plans.states import SETTLED_S, is_missed, phases
from mainspring.runs.plans.telling import messages
from mainspring.runs.purse import limits
from mainspring.runs.submission import Terms, submission
from mainspring.runs.transcript import transcript

_log = logging.getLogger("mainspring.runs")

_WORDS: Final = AnswerForm(str)


class HandIn(Protocol):
    """Sees to it that a run is driven."""

    async def __call__(self, run: str, agent: str, *, at: float | None, priority: int) -> None:
        """Hand in a run of an agent."""
        ...


class Planner:
    """Takes up plans for one process.

    Args:
        store: Where they are.
        agents: The agents whose tasks can be begun here, by name.
        clock: Tells the time.
        hand_in: Sees to it that a run is driven.
        cancel: Stops a run.
    """

    def __init__(
        self,
        store: Store,
        agents: Mapping[str, Agent],
        clock: Clock,
        hand_in: HandIn,
        cancel: Callable[[str], Awaitable[None]],
    ) -> None:
        self._store = store
        self._agents = agents
        self._clock = clock
        self._hand_in = hand_in
        self._cancel = cancel

    async def sweep(self, limit: int) -> int:
        """Look at every goal that is due; gives how many runs were begun.

        Args:
            limit: How many goals at most.
        """
        n_begun = 0
        for goal in await self._store.due_goals(self._clock.now(), tuple(self._agents), limit):
            try:
                n_begun += await self.look(goal)
            except JournalUnavailable:
                raise
            except JournalError as error:  # one goal that cannot be read keeps nobody from the others
                _log.warning("goal %s could not be looked at: %s", goal, error)
        return n_begun

    async def look(self, goal: str) -> int:
        """Bring a goal as far as it goes now; gives how many runs were begun."""
        while (before := await read(self._store, goal)) is not None:
            rows = await self._rows(before)
            after = self._without_missed(await self._with_ends(before, rows))
            after, batches = await self._with_begun(after, rows)
            if await written(self._store, before, after, self._clock.now()) is not None:
                for task in after.tasks:
                    if task.run in batches:
                        await self._begin(batches[task.run], task)
                return len(batches)
        return 0

    async def _rows(self, plan: Plan) -> dict[str, RunRow]:
        """Give the rows of the runs that a plan waits for in one way or another."""
        runs = [task.run for task in plan.tasks if task.run is not None and _is_watched(task)]
        found = await self._store.rows(Query(ids=runs, limit=len(runs))) if runs else []
        return {row.id: row for row in found}

    async def _with_ends(self, plan: Plan, rows: Mapping[str, RunRow]) -> Plan:
        """Take in how runs have ended, and stop those that are not wanted any more."""
        now = self._clock.now()
        for task in plan.tasks:
            row = rows.get(task.run or "")
            if task.is_stopping:
                plan = await self._stopped(plan, task, row)
            elif row is not None and row.has_ended and _is_news(task, row):
                plan = _ended(plan, task, History(await self._store.entries(row.id)), now)
        return plan

    async def _stopped(self, plan: Plan, task: PlannedTask, row: RunRow | None) -> Plan:
        if row is None:
            is_settled = self._clock.now() >= (task.ended_at or 0.0) + SETTLED_S
            return stopped(plan, task.name) if is_settled else plan
        if row.has_ended:
            return stopped(plan, task.name)
        if History(await self._store.entries(row.id)).cancel_asked is None:
            await self._cancel(row.id)
        return plan

    def _without_missed(self, plan: Plan) -> Plan:
        now = self._clock.now()
        for task in plan.tasks:
            if is_missed(task, now):
                plan = failed(plan, task.name, "DeadlinePassed: it had not begun by its deadline", now)
        return plan

    async def _with_begun(self, plan: Plan, rows: Mapping[str, RunRow]) -> tuple[Plan, dict[str | None, Append]]:
        """Begin what is ready, and what was begun by somebody who did not come to it."""
        batches: dict[str | None, Append] = {}
        for name, phase in phases(plan, self._clock.now()).items():
            task = plan.task(name)
            is_lost = phase == "running" and task.run not in rows
            if task.agent not in self._agents or task.is_stopping or not (phase == "ready" or is_lost):
                continue
            after = plan if is_lost else begun(plan, name)
            try:
                batches[after.task(name).run] = await self._batch(after, after.task(name))
                plan = after
            except JournalError:
                raise
            except MainspringError as error:
                plan = failed(plan, name, f"{type(error).__name__}: {error}", self._clock.now())
        return plan, batches

    async def _batch(self, plan: Plan, task: PlannedTask) -> Append:
        """Make what is written first of a task's run.

        Raises:
            MainspringError: It cannot be begun as it is.
        """
        assert task.agent is not None  # noqa: S101 - only agents' tasks are begun
        assert task.run is not None  # noqa: S101 - it has begun
        agent = self._agents[task.agent]
        charged = budgets_of(plan, task)
        shared = await self._store.balances(charged) if charged else {}
        if gone := [name for name in charged if name not in shared]:
            raise ConfigError(f"there is no shared budget {gone[0]!r}; open it with `runs.share_budget(...)`")
        *told, asked = messages(plan, task)
        own = () if task.budget is None else (task.budget,)
        job = bounded(agent.job(asked, _WORDS, told), [*own, *limits(shared)])
        terms = Terms(budget=task.budget, budgets=charged)
        return submission(task.run, agent, job, self._clock.now(), terms)

    async def _begin(self, batch: Append, task: PlannedTask) -> None:
        with suppress(Conflict):  # somebody else began it at the same time
            await self._store.append(batch)
            _log.info("run %s of %s is begun, as it is due", batch.run, task.agent, extra={"run": batch.run})
        if task.agent is not None:
            await self._hand_in(batch.run, task.agent, at=None, priority=0)


def _is_watched(task: PlannedTask) -> bool:
    return task.is_stopping or task.state in {"running", "failed"}


def _is_news(task: PlannedTask, row: RunRow) -> bool:
    """Tell whether how a run has ended is not known to its task yet."""
    return task.state == "running" or (task.state == "failed" and row.status == "finished")


def _ended(plan: Plan, task: PlannedTask, history: History, at: float) -> Plan:
    """Take in how the run of a task has ended; one that goes on again meanwhile has not."""
    match history.ended:
        case Finished():
            return finished(plan, task.name, _outcome(history, history.ended), at)
        case Failed(error=error, message=message):
            return failed(plan, task.name, f"{error}: {message}", at)
        case None:
            return plan
        case _:
            by = "" if history.cancel_asked is None else history.cancel_asked.by
            return failed(plan, task.name, f"RunCancelled: it was cancelled{f' by {by}' if by else ''}", at)


def _outcome(history: History, end: Finished) -> Outcome:
    """Give the answer of a run, labelled as badly as the worst of what was said in it."""
    said = [item for item in transcript(entry.event for entry in history.entries) if item.role != "system"]
    text = end.output if isinstance(end.output, str) else to_json(end.output).decode()
    return outcome(text, label_of(said))
