"""Tools with which a model plans beyond its run: it adds goals and tasks, looks at them, moves and ends them.

What a model schedules is labelled as badly as the worst of the conversation that it does so in, and that label goes
into the run that comes of it: a page cannot have its words come back tomorrow as somebody's own. A call that is
made again after a crash changes nothing again.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from mainspring.agent import Agent
from mainspring.core import Budget
from mainspring.core.errors import ConfigError, ToolError
from mainspring.runs.journal import GoalQuery
from mainspring.runs.plans.goal import Goal, Task
from mainspring.runs.plans.plan import Plan, goal_id
from mainspring.runs.plans.plans import Plans
from mainspring.runs.plans.telling import is_secret, is_trusted, listed
from mainspring.runs.plans.times import read_span_s, read_time
from mainspring.tools import AnyTool, Approval, conversation_label, distrust_result, idempotency_key, tool

MAX_OPEN: Final = 50
"""Open goals of one user at which a model gets no more."""
_N_LISTED: Final = 10


class WantedTask(BaseModel):
    """A task as a model writes it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=40, description="One short word, such as offer.")
    input: str = Field(max_length=2_000, description="What is to be done, so that it can be understood by itself.")
    agent: str | None = Field(default=None, description="Who does it; null for a person.")
    after: list[str] = Field(default=[], max_length=20, description="Names of tasks that must be done before.")
    due: str | None = Field(default=None, max_length=40, description="Not before: ISO time, or 45min, 3h, 2d, 1w.")
    every: str | None = Field(default=None, max_length=20, description="Repeat it: 45min, 3h, 2d, 1w.")


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the tools of one user share."""

    plans: Plans
    user: str
    agents: Collection[str]
    budget: Budget | None
    charge: tuple[str, ...]

    async def own(self, goal: str) -> Plan:
        """Give a goal of the user."""
        with suppress(ConfigError):
            plan = await self.plans.get(goal.strip())
            if plan.user == self.user:
                return plan
        raise ToolError(f"there is no goal {goal[:80]!r} here; list_goals tells the ids")

    def task(self, wanted: WantedTask) -> Task:
        """Make a task of what a model wants."""
        if wanted.agent is not None and wanted.agent not in self.agents:
            there = ", ".join(sorted(self.agents)) or "none"
            raise ToolError(f"there is no agent {wanted.agent[:80]!r} for tasks; there are: {there}")
        return Task(
            wanted.name,
            agent=wanted.agent,
            input=wanted.input,
            after=wanted.after,
            due=None if wanted.due is None else read_time(wanted.due, self.plans.now()),
            every_s=None if wanted.every is None else read_span_s(wanted.every),
            budget=self.budget,
            charge=self.charge,
            label=conversation_label(),
        )


def plan_tools(
    plans: Plans,
    *,
    user: str = "",
    agents: Iterable[Agent | str] = (),
    budget: Budget | None = None,
    charge: Sequence[str] = (),
    approval: bool | Approval = False,
) -> list[AnyTool]:
    """Give the tools `plan_goal`, `list_goals`, `add_task`, `move_task`, `finish_task` and `cancel_task`.

    Args:
        plans: Where goals are kept: `runs.plans`.
        user: Whose goals they make and see; those of nobody in particular if not given.
        agents: Who may be given tasks; without any there are only tasks for people. The tasks of one that is
            given by its name are begun by a worker that knows it.
        budget: What one run that comes of a task may use.
        charge: Names of shared budgets that all of these runs draw on: what bounds a model that plans for itself.
        approval: Whether a human has to agree to what is planned, added or moved.
    """
    names = plans.meet(agents)
    desk = _Desk(plans, user, frozenset(names), budget, tuple(charge))
    wanted = _closed(names)
    return [
        _plan_goal(desk, wanted, approval),
        _list_goals(desk),
        _add_task(desk, wanted, approval),
        _move_task(desk, approval),
        _finish_task(desk),
        _cancel_task(desk),
    ]


def _plan_goal(desk: _Desk, wanted: type[WantedTask], approval: bool | Approval) -> AnyTool:
    async def plan_goal(title: str, tasks: list[WantedTask]) -> str:
        """Keep a goal with tasks that are done later, each when its time has come and those before it are done.

        Args:
            title: What is to be reached, in a few words.
            tasks: What is to be done for it.
        """
        key = _key()
        known = await desk.plans.find(GoalQuery(user=desk.user, is_open=True, limit=MAX_OPEN + 1))
        if sum(plan.id != goal_id(key) for plan in known) >= MAX_OPEN:
            raise ToolError(f"{MAX_OPEN} goals are open already; finish or cancel some first")
        with _told():
            goal = Goal(
                title,
                tasks=[desk.task(task) for task in tasks],
                user=desk.user,
                label=conversation_label(),
            )
            plan = await desk.plans.add(goal, key=key)
        return f"Kept as {plan.id} with {len(plan.tasks)} tasks."

    plan_goal.__annotations__["tasks"] = list[wanted]  # type: ignore[valid-type]  # made for these agents
    return _writing(["tasks"], approval)(plan_goal)


def _list_goals(desk: _Desk) -> AnyTool:
    async def list_goals() -> str:
        """List open goals with their tasks, and tell the present time."""
        found = await desk.plans.find(GoalQuery(user=desk.user, is_open=True, limit=_N_LISTED))
        plans = [plan for plan in found if not is_secret(plan)]  # a result cannot be labelled so
        if not all(map(is_trusted, plans)):
            distrust_result()
        return listed(plans, desk.plans.now())

    made: AnyTool = tool(effect="none", authority=[], trusted=True)(list_goals)
    return made


def _add_task(desk: _Desk, wanted: type[WantedTask], approval: bool | Approval) -> AnyTool:
    async def add_task(goal: str, task: WantedTask) -> str:
        """Add a task to a goal.

        Args:
            goal: The goal's id.
            task: What is to be done.
        """
        key, plan = _key(), await desk.own(goal)
        with _told():
            await desk.plans.add_task(plan.id, desk.task(task), key=key)
        return f"Added {task.name}."

    add_task.__annotations__["task"] = wanted
    return _writing(["goal", "task"], approval)(add_task)


def _move_task(desk: _Desk, approval: bool | Approval) -> AnyTool:
    async def move_task(goal: str, task: str, due: str) -> str:
        """Give a task that has not begun another time.

        Args:
            goal: The goal's id.
            task: The task's name.
            due: Not before: ISO time, or 45min, 3h, 2d, 1w from now.
        """
        key, plan = _key(), await desk.own(goal)
        with _told():
            at = read_time(due, desk.plans.now())
            await desk.plans.move(plan.id, task, at, label=conversation_label(), key=key)
        return f"Moved {task}."

    return _writing(["goal", "task", "due"], approval)(move_task)


def _finish_task(desk: _Desk) -> AnyTool:
    async def finish_task(goal: str, task: str, result: str) -> str:
        """Say that a task is done.

        Args:
            goal: The goal's id.
            task: The task's name.
            result: What came of it, for the tasks after it.
        """
        key, plan = _key(), await desk.own(goal)
        with _told():
            if (run := plan.task(task).run) is not None and key.startswith((f"{run}:", f"{run}.")):
                raise ToolError(f"you are at work on {task}; it is done when you answer")
            label = conversation_label()
            await desk.plans.done(plan.id, task, result=result, by="model", label=label, key=key)
        return f"{task} is done."

    return _writing(["goal", "task"], approval=False)(finish_task)


def _cancel_task(desk: _Desk) -> AnyTool:
    async def cancel_task(goal: str, task: str | None = None) -> str:
        """Cancel a task and all that comes after it, or a whole goal.

        Args:
            goal: The goal's id.
            task: The task's name; the whole goal if not given.
        """
        key, plan = _key(), await desk.own(goal)
        with _told():
            await desk.plans.cancel(plan.id, task, by="model", key=key)
        return f"{task or plan.id} is cancelled."

    made: AnyTool = tool(effect="destroy", authority=["goal", "task"], trusted=True, in_doubt="retry")(cancel_task)
    return made


def _writing(authority: Sequence[str], approval: bool | Approval) -> Callable[[Callable[..., object]], AnyTool]:
    made = tool(effect="write", authority=authority, trusted=True, in_doubt="retry", approval=approval)
    return cast("Callable[[Callable[..., object]], AnyTool]", made)


def _closed(agents: tuple[str, ...]) -> type[WantedTask]:
    """Give the form of a task that names one of these agents."""
    kind: Any = Literal[agents] | None if agents else None
    described = WantedTask.model_fields["agent"].description
    fields: dict[str, Any] = {"agent": (kind, Field(default=None, description=described))}
    made: type[WantedTask] = create_model("WantedTask", __base__=WantedTask, **fields)
    return made


def _key() -> str:
    """Name the call that is being made; nothing where no agent calls."""
    with suppress(RuntimeError):
        return idempotency_key()
    return ""


@contextmanager
def _told() -> Iterator[None]:
    """Tell the model what it can mend."""
    try:
        yield
    except ConfigError as error:
        raise ToolError(str(error)) from error
