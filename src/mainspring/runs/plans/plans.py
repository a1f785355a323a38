"""Goals in a store: add them, look at them, and say what becomes of their tasks.

```python
async with open_runs("runs.db") as runs:
    plan = await runs.plans.add(Goal("Furnish the terrace", tasks=[
        Task("measure", agent=clerk, input="Ask Ada for the measures"),
        Task("offer", agent=clerk, input="Make an offer", after=["measure"]),
    ]))
```
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from mainspring.agent import Agent
from mainspring.core import USER, Clock, Label, Rng
from mainspring.core.errors import ConfigError, Conflict
from mainspring.runs.journal import GoalQuery
from mainspring.runs.plans import changes
from mainspring.runs.plans.changes import Change
from mainspring.runs.plans.goal import Goal, Moment, Task, seconds
from mainspring.runs.plans.kept import decode, read, write, written
from mainspring.runs.plans.plan import Plan, goal_id, planned

if TYPE_CHECKING:
    from mainspring.runs.runs import Runs


class Plans:
    """The goals of one store.

    Args:
        runs: The store, and this process's part in it.
        clock: Tells the time.
        rng: Makes up ids.
    """

    def __init__(self, runs: "Runs", clock: Clock, rng: Rng) -> None:
        self._runs = runs
        self._clock = clock
        self._rng = rng

    def now(self) -> float:
        """Give the present time, in seconds since the Unix epoch."""
        return self._clock.now()

    def meet(self, agents: Iterable[Agent | str]) -> tuple[str, ...]:
        """Make agents known, so that their tasks can be begun here, and give their names; a name is taken as it is.

        Raises:
            ConfigError: Another agent of that name is known.
        """
        given = tuple(agents)
        for agent in given:
            if isinstance(agent, Agent):
                self._runs.register(agent)
        return tuple(agent.name if isinstance(agent, Agent) else agent for agent in given)

    async def add(self, goal: Goal, *, key: str = "") -> Plan:
        """Add a goal; its tasks are begun by this process, or by whichever worker of the store knows the agents.

        Args:
            goal: What is wanted. One of an id that is there already is given as it is.
            key: The idempotency key of the tool call that adds it, so that one made again adds nothing.

        Raises:
            ConfigError: It cannot be carried out, a shared budget is not there, or the id names another goal.
            JournalError: The store cannot be written to.
        """
        made_up = goal_id(key) if key else f"goal_{self._rng.token(6)}"
        plan = planned(goal, id=goal.id or made_up, at=self._clock.now())
        await self._prepare(goal.tasks, goal.charge)
        try:
            await write(self._runs.store, plan, plan.created_at)
        except Conflict:
            known = await self.get(plan.id)
            if known.title != plan.title or known.user != plan.user:
                raise ConfigError(
                    f"goal {plan.id!r} is another one: {known.title!r}; give the new one an id of its own"
                ) from None
        return await self._looked_at(plan.id)

    async def get(self, id: str) -> Plan:  # noqa: A002 - the word users look for
        """Give a goal with its tasks.

        Raises:
            ConfigError: There is none of that id.
        """
        plan = await read(self._runs.store, id)
        if plan is None:
            raise ConfigError(f"there is no goal {id!r} in {self._runs.store.url}; see `mainspring plans list`")
        return plan

    async def find(self, query: GoalQuery | None = None) -> list[Plan]:
        """Give goals, the newest first; those that are open if nothing else is asked for."""
        return [decode(row) for row in await self._runs.store.goals(query or GoalQuery(is_open=True))]

    async def add_task(self, goal: str, task: Task, *, label: Label = USER, key: str = "") -> Plan:
        """Add a task to a goal.

        Args:
            goal: The goal's id.
            task: What is wanted.
            label: Where the wish comes from, where the task does not say.
            key: The idempotency key of the tool call that adds it.

        Raises:
            ConfigError: There is no such goal, it cannot be carried out with that task, or a shared budget is not
                there.
        """
        await self._prepare([task])
        return await self._changed(goal, partial(changes.added, task=task, label=label), key)

    async def move(self, goal: str, task: str, due: Moment | None, *, label: Label = USER, key: str = "") -> Plan:
        """Give a waiting task another time, or none; the label of whoever moves it joins the task's.

        Raises:
            ConfigError: There is no such task, it waits no more, or it would be due after its deadline.
        """
        return await self._changed(goal, partial(changes.moved, name=task, due=seconds(due), label=label), key)

    async def done(
        self, goal: str, task: str, *, result: str = "", by: str = "", label: Label = USER, key: str = ""
    ) -> Plan:
        """Say that a task is done; if a run of it is in progress, that is cancelled.

        Args:
            goal: The goal's id.
            task: The task's name.
            result: What came of it, as the tasks after it are told.
            by: Who says so.
            label: How far that may be trusted.
            key: The idempotency key of the tool call that says so.

        Raises:
            ConfigError: There is no such task, or it has ended already.
        """
        outcome, at = changes.outcome(result, label), self._clock.now()
        return await self._changed(goal, partial(changes.done, name=task, outcome=outcome, by=by, at=at), key)

    async def skip(self, goal: str, task: str, *, by: str = "") -> Plan:
        """Go on without a task; of a repeated one, without this time.

        Raises:
            ConfigError: There is no such task, or it has ended already.
        """
        return await self._changed(goal, partial(changes.skipped, name=task, by=by, at=self._clock.now()))

    async def cancel(self, goal: str, task: str | None = None, *, by: str = "", key: str = "") -> Plan:
        """Cancel a task and all that comes after it; a whole goal if no task is given. Runs in progress end, too.

        Raises:
            ConfigError: There is no such goal or task, or the task has ended already.
        """
        return await self._changed(goal, partial(changes.cancelled, name=task, by=by, at=self._clock.now()), key)

    async def retry(self, goal: str, task: str, *, by: str = "") -> Plan:
        """Let a failed task go on: its run is resumed, and what failed in it is tried again.

        Raises:
            ConfigError: There is no such task, or it has not failed.
        """
        while True:
            plan = await self._looked_at(goal)
            after = changes.retried(plan, task, self._clock.now())
            await self._go_on(plan.task(task).run, by)
            if await written(self._runs.store, plan, after, self._clock.now()) is not None:
                return await self._looked_at(goal)

    async def _prepare(self, tasks: Sequence[Task], charge: Sequence[str] = ()) -> None:
        """Make the agents of tasks known, and check that the shared budgets are there that they draw on."""
        self.meet(task.agent for task in tasks if task.agent is not None)
        for name in dict.fromkeys((*charge, *(name for task in tasks for name in task.charge))):
            await self._runs.balance(name)

    async def _go_on(self, run: str | None, by: str) -> None:
        """Resume a run that has ended without an answer."""
        if run is not None and (await self._runs.row(run)).status in {"failed", "cancelled"}:
            await self._runs.resume(run, by=by)

    async def _changed(self, goal: str, change: Change, key: str = "") -> Plan:
        """Change a goal, whoever else does so at the same time, and let it go on."""
        while True:
            plan = await self.get(goal)
            after = changes.once(plan, key, change)
            if await written(self._runs.store, plan, after, self._clock.now()) is not None:
                return await self._looked_at(goal)

    async def _looked_at(self, goal: str) -> Plan:
        """Let a goal go on as far as it can here, and give it."""
        await self._runs.working.planner.look(goal)
        return await self.get(goal)
