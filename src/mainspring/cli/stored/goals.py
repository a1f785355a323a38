"""Goals as somebody asks for them: by the beginning of their id, with the runs that their tasks have begun."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from pydantic_core import to_json

from mainspring.cli.stored.store import typed
from mainspring.cli.views.screen import Screen
from mainspring.core import JsonObject
from mainspring.core.errors import ConfigError
from mainspring.runs import Plan, PlannedTask, Query, RunRow, Runs
from mainspring.runs.journal import GoalQuery
from mainspring.runs.plans.states import Phase, goal_state, is_overdue, next_due, phases

GoalName = Annotated[str, typer.Argument(metavar="GOAL", help="Its id, or the beginning of it.")]
_LOOKED_THROUGH: Final = 10_000
"""How many goals are looked through for the beginning of an id."""
_NAMED: Final = 4
_PREFIX: Final = "goal_"


@dataclass(frozen=True, slots=True)
class LookedGoal:
    """A goal at one moment."""

    plan: Plan
    rows: Mapping[str, RunRow]
    """The runs of its tasks, by id."""
    now: float
    """When it was looked at."""

    @property
    def phases(self) -> dict[str, Phase]:
        """How its tasks stand."""
        return phases(self.plan, self.now)

    @property
    def overdue(self) -> list[str]:
        """The tasks that should have been done by now."""
        return [task.name for task in self.plan.tasks if is_overdue(task, self.now)]

    @property
    def next_due(self) -> float | None:
        """The earliest time that something of it waits for, or has waited for in vain."""
        return next_due(self.plan, self.now)

    @property
    def document(self) -> JsonObject:
        """What a program is told of it."""
        plan = self.plan
        return {
            "id": plan.id,
            "title": plan.title,
            "user": plan.user,
            "state": goal_state(plan),
            "is_trusted": plan.label.integrity == "trusted",
            "created_at": plan.created_at,
            "next_due": self.next_due,
            "tasks": [self._task_document(task) for task in plan.tasks],
        }

    def _task_document(self, task: PlannedTask) -> JsonObject:
        row = self.rows.get(task.run or "")
        return {
            "name": task.name,
            "agent": task.agent,
            "input": task.input,
            "is_trusted": task.label.integrity == "trusted",
            "state": task.state,
            "phase": self.phases[task.name],
            "is_overdue": is_overdue(task, self.now),
            "after": list(task.after),
            "due": task.due,
            "deadline": task.deadline,
            "every_s": task.every_s,
            "run": task.run,
            "run_status": None if row is None else row.status,
            "result": None if task.outcome is None else task.outcome.text,
            "problem": task.problem or None,
            "by": task.by or None,
            "ended_at": task.ended_at,
        }


async def looked(runs: Runs, plan: Plan) -> LookedGoal:
    """Look at a goal, and at the runs of its tasks."""
    ids = [task.run for task in plan.tasks if task.run is not None]
    rows = await runs.find(Query(ids=ids, limit=len(ids))) if ids else []
    return LookedGoal(plan, {row.id: row for row in rows}, runs.plans.now())


async def one_goal(runs: Runs, name: str, store: str | None) -> Plan:
    """Find a goal by its id or the beginning of it.

    Raises:
        ConfigError: There is none, or more than one.
    """
    for plan in await runs.plans.find(GoalQuery(ids=[name])):
        return plan
    plans = await runs.plans.find(GoalQuery(limit=_LOOKED_THROUGH)) if name else []
    found = [plan for plan in plans if plan.id.startswith((name, f"{_PREFIX}{name}"))]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(f"there is no goal {name!r}; see `{typed(store, 'plans', 'list')}`")
    named = ", ".join(plan.id for plan in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    raise ConfigError(f"{name!r} may be any of {named}{more}; write more of it")


def write_document(out: Screen, document: object, indent: int | None = 2) -> None:
    """Write what a program is told."""
    out.console.file.write(to_json(document, indent=indent).decode() + "\n")
    out.console.file.flush()
