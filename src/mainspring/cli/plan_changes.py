"""What people say of the tasks of goals: done, tried again, skipped, cancelled."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.text import Text

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson, checked
from mainspring.cli.stored.goals import GoalName, LookedGoal, looked, one_goal, write_document
from mainspring.cli.stored.looking import looking
from mainspring.cli.stored.store import By, Store, who
from mainspring.cli.views.screen import Screen, results
from mainspring.core.errors import ConfigError
from mainspring.runs import Plan, Runs
from mainspring.runs.plans.states import phases

TaskName = Annotated[
    str | None, typer.Argument(metavar="TASK", help="The task's name within the goal.", show_default=False)
]


def done(
    goal: GoalName,
    task: TaskName = None,
    *,
    result: Annotated[
        str, typer.Option("--result", metavar="WORDS", help="What came of it, for the tasks after it.")
    ] = "",
    as_json: AsJson = False,
    by: By = None,
    store: Store = None,
) -> None:
    """Say that TASK is done; without one, that what a person has to do now is."""

    async def change(known: Runs, plan: Plan) -> list[str]:
        name = task or _only(plan, [item.name for item in plan.tasks if _is_to_do(known, plan, item.name)], "to do")
        await known.plans.done(plan.id, name, result=checked(result), by=who(by))
        return [name]

    _change(goal, store, "done", change, as_json=as_json)


def retry(
    goal: GoalName, task: TaskName = None, *, as_json: AsJson = False, by: By = None, store: Store = None
) -> None:
    """Let TASK go on, which has failed; without one, all that have."""

    async def change(known: Runs, plan: Plan) -> list[str]:
        names = [task] if task else _failed(plan)
        if not names:
            raise ConfigError(f"nothing of goal {plan.id!r} has failed")
        for name in names:
            await known.plans.retry(plan.id, name, by=who(by))
        return names

    _change(goal, store, "tried again", change, as_json=as_json)


def skip(
    goal: GoalName, task: TaskName = None, *, as_json: AsJson = False, by: By = None, store: Store = None
) -> None:
    """Go on without TASK, as if it were done; without one, without the one that has failed."""

    async def change(known: Runs, plan: Plan) -> list[str]:
        name = task or _only(plan, _failed(plan), "failed")
        await known.plans.skip(plan.id, name, by=who(by))
        return [name]

    _change(goal, store, "skipped", change, as_json=as_json)


def cancel(
    goal: GoalName, task: TaskName = None, *, as_json: AsJson = False, by: By = None, store: Store = None
) -> None:
    """Cancel TASK and all that comes after it; without one, the whole goal. Runs in progress are stopped."""

    async def change(known: Runs, plan: Plan) -> list[str]:
        after = await known.plans.cancel(plan.id, task, by=who(by))
        before = {item.name for item in plan.tasks if item.state == "cancelled"}
        return [item.name for item in after.tasks if item.state == "cancelled" and item.name not in before]

    _change(goal, store, "cancelled", change, as_json=as_json)


def _change(
    goal: str,
    store: str | None,
    word: str,
    change: Callable[[Runs, Plan], Awaitable[list[str]]],
    *,
    as_json: bool,
) -> None:
    """Change a goal, and say what of it is changed."""

    async def changed() -> tuple[list[str], LookedGoal]:
        async with looking(store) as known:
            plan = await one_goal(known, goal, store)
            names = await change(known, plan)
            return names, await looked(known, await known.plans.get(plan.id))

    with results() as out:
        names, after = run_in_new_loop(changed())
        if as_json:
            write_document(out, after.document)
        else:
            Screen(stderr=True).say(
                word, Text(", ".join(names) or "nothing was left"), label_style="green", indent=12
            )


def _failed(plan: Plan) -> list[str]:
    return [task.name for task in plan.tasks if task.state == "failed"]


def _is_to_do(known: Runs, plan: Plan, name: str) -> bool:
    """Tell whether a task is one that a person has to do now."""
    return plan.task(name).agent is None and phases(plan, known.plans.now())[name] == "ready"


def _only(plan: Plan, names: list[str], what: str) -> str:
    """Give the only task that is meant.

    Raises:
        ConfigError: There is none, or more than one.
    """
    if len(names) == 1:
        return names[0]
    there = ", ".join(names) or "none"
    raise ConfigError(f"name the task of goal {plan.id!r}; of those that are {what} there are: {there}")
