"""A goal as it is kept: its tasks, and how far each has come.

A plan is a value. What happens to it makes another plan, of which only one can be the next revision in the store.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from mainspring.agent import Agent
from mainspring.core import Budget, Label
from mainspring.core.errors import ConfigError
from mainspring.runs.plans.goal import Goal, Task, seconds

State = Literal["waiting", "running", "done", "failed", "skipped", "cancelled"]
"""What is kept of how a task stands; `states` has the table, and what follows from it and the time."""

MAX_TASKS: Final = 100
"""Of one goal."""
MAX_INPUT_CHARS: Final = 8_000
MAX_TITLE_CHARS: Final = 200
MAX_RESULT_CHARS: Final = 8_000
"""What is kept of a result; the whole is in the run."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_GOAL_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")


class Outcome(BaseModel):
    """What a task has come to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    label: Label
    """The worst of all that the text was made from."""


class PlannedTask(BaseModel):
    """A task, and how it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    input: str
    agent: str | None
    """Who does it; None for a person."""
    after: tuple[str, ...] = ()
    due: float | None = None
    """Seconds since the Unix epoch."""
    deadline: float | None = None
    every_s: float | None = None
    budget: Budget | None = None
    charge: tuple[str, ...] = ()
    label: Label
    """Of whoever wanted it, or moved it."""
    state: State = "waiting"
    n_begun: int = 0
    """Runs that were begun for it."""
    run: str | None = None
    """The last of them."""
    is_stopping: bool = False
    """Whether that is to be cancelled, as somebody has ended the task otherwise."""
    outcome: Outcome | None = None
    """Of the last time that it was done."""
    problem: str = ""
    """Why it has failed."""
    by: str = ""
    """Who ended it, where somebody did."""
    ended_at: float | None = None


class Plan(BaseModel):
    """A goal, and how far it has come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    id: str
    title: str
    user: str
    label: Label
    charge: tuple[str, ...] = ()
    created_at: float
    """Seconds since the Unix epoch."""
    tasks: tuple[PlannedTask, ...]
    keys: tuple[str, ...] = ()
    """Of the tool calls that changed it last, so that one made again after a crash changes nothing."""
    revision: int = 1

    def task(self, name: str) -> PlannedTask:
        """Give a task.

        Raises:
            ConfigError: There is none of that name.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        there = ", ".join(task.name for task in self.tasks) or "none"
        raise ConfigError(f"goal {self.id!r} has no task {name!r}; its tasks: {there}")


def planned(goal: Goal, *, id: str, at: float) -> Plan:  # noqa: A002 - it is one
    """Make the plan that a goal begins with.

    Raises:
        ConfigError: It cannot be carried out, or something in it is too long.
    """
    title = storable(goal.title)
    if not 0 < len(title) <= MAX_TITLE_CHARS:
        raise ConfigError(f"a goal's title has 1 to {MAX_TITLE_CHARS} characters, this one has {len(title)}")
    if not _GOAL_ID.fullmatch(id):
        raise ConfigError(f"a goal's id is up to 80 letters, digits, _ and -, not {id!r}")
    if not goal.tasks:
        raise ConfigError(f"goal {title!r} has no tasks; give it one at least")
    plan = Plan(
        id=id,
        title=title,
        user=storable(goal.user),
        label=goal.label,
        charge=tuple(goal.charge),
        created_at=at,
        tasks=tuple(planned_task(task, goal.label) for task in goal.tasks),
    )
    return checked(plan)


def planned_task(task: Task, label: Label) -> PlannedTask:
    """Make the task that a plan begins with.

    Args:
        task: What is wanted.
        label: Where the wish comes from, where the task does not say.

    Raises:
        ConfigError: Its name is none, it says too much, or its times make no sense.
    """
    if not _NAME.fullmatch(task.name):
        raise ConfigError(f"a task's name is up to 40 letters, digits, _ and -, not {task.name[:60]!r}")
    words = storable(task.input) or task.name
    if len(words) > MAX_INPUT_CHARS:
        raise ConfigError(f"the input of task {task.name!r} has more than {MAX_INPUT_CHARS:,} characters")
    due, deadline = seconds(task.due), seconds(task.deadline)
    if due is not None and deadline is not None and deadline < due:
        raise ConfigError(f"the deadline of task {task.name!r} is before it is due")
    if task.every_s is not None and not 1 <= task.every_s < float("inf"):
        raise ConfigError(f"task {task.name!r} is repeated every {task.every_s!r} s; give it a second at least")
    if task.every_s is not None and deadline is not None:
        raise ConfigError(f"task {task.name!r} is repeated and has a deadline; leave one of them out")
    return PlannedTask(
        name=task.name,
        input=words,
        agent=task.agent.name if isinstance(task.agent, Agent) else task.agent or None,
        after=tuple(dict.fromkeys(task.after)),
        due=due,
        deadline=deadline,
        every_s=task.every_s,
        budget=task.budget,
        charge=tuple(task.charge),
        label=task.label or label,
    )


def checked(plan: Plan) -> Plan:
    """Give a plan that can be carried out.

    Raises:
        ConfigError: It cannot.
    """
    if (problem := _problem(plan.tasks)) is not None:
        raise ConfigError(f"the tasks of goal {plan.title!r} cannot be carried out: {problem}")
    return plan


def storable(text: str) -> str:
    """Replace what a database cannot hold: halves of surrogate pairs, and the character NUL."""
    return text.strip().replace("\x00", "\ufffd").encode(errors="replace").decode()


def goal_id(key: str) -> str:
    """Name the goal that a tool call adds: the same one when the call is made again."""
    return f"goal_{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def budgets_of(plan: Plan, task: PlannedTask) -> tuple[str, ...]:
    """Name the shared budgets that the runs of a task draw on."""
    return tuple(dict.fromkeys((*plan.charge, *task.charge)))


def run_id(goal: str, task: str, number: int) -> str:
    """Name the run that a task begins: the same whoever begins it, and however often."""
    return f"{goal}/{task}" if number == 1 else f"{goal}/{task}/{number}"


def goal_of(run: str) -> str | None:
    """Give the id of the goal that a run may be of; None for one that is of none, or begun by another run."""
    goal, is_named, task = run.partition("/")
    return goal if is_named and "." not in task else None


def _problem(tasks: Sequence[PlannedTask]) -> str | None:
    """Say why tasks cannot be carried out; None if they can."""
    names = [task.name for task in tasks]
    if len(tasks) > MAX_TASKS:
        return f"there are {len(tasks)}, and {MAX_TASKS} at most are allowed"
    if len(set(names)) < len(names):
        return f"two tasks are called {_twice(names)!r}"
    repeated = {task.name for task in tasks if task.every_s is not None}
    for task in tasks:
        if unknown := [name for name in task.after if name not in names]:
            return f"task {task.name!r} comes after {', '.join(unknown)}, which are no tasks"
        if endless := [name for name in task.after if name in repeated]:
            return f"task {task.name!r} comes after {', '.join(endless)}, which is repeated and has no end"
    reached: set[str] = set()
    while ready := [task for task in tasks if task.name not in reached and set(task.after) <= reached]:
        reached |= {task.name for task in ready}
    if circle := [name for name in names if name not in reached]:
        return f"the tasks {', '.join(circle)} wait for each other"
    return None


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
