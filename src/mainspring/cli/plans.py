"""`mainspring plans`: goals of a store, with tasks for agents and for people: which there are, and new ones."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final

import typer

from mainspring.agent import run_in_new_loop
from mainspring.cli import plan_changes
from mainspring.cli.asked import AsJson, checked
from mainspring.cli.stored.goal_files import STDIN, SUFFIXES, read_goal
from mainspring.cli.stored.goals import GoalName, LookedGoal, looked, one_goal, write_document
from mainspring.cli.stored.looking import looking
from mainspring.cli.stored.signals import stopping
from mainspring.cli.stored.store import Store, typed
from mainspring.cli.views.plans import goal_lines, goal_tree
from mainspring.cli.views.redrawn import Drawing, Redrawn, draw
from mainspring.cli.views.screen import Screen, results
from mainspring.core.errors import ConfigError
from mainspring.runs import DEFAULT_STORE, Goal, Plan, Runs, Settings, Task, open_runs
from mainspring.runs.journal import GoalQuery
from mainspring.runs.plans.times import read_span_s, read_time

Look = Callable[[Runs], Awaitable[tuple[object, Drawing]]]
"""Gives what there is to be seen, as a program is told it and as it is drawn."""
_EVERY_S: Final = 1.0
_TASK: Final = "task"
"""What the only task of a goal is called."""

plans = typer.Typer(
    help="Keep goals with tasks for agents and people, begun when their time has come.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Watch = Annotated[bool, typer.Option("--watch", help="Look again each second, until Ctrl-C.")]
Time = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="2026-11-27T09:00, or a span from now: 45min, 3h, 2d, 1w.", show_default=False
    ),
]


@plans.command("list", short_help="List goals, the newest first.")
def list_goals(
    *,
    user: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this user.", show_default=False)] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="The newest so many.")] = 50,
    watch: Watch = False,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """List open goals: how far each is, what is blocked or overdue, and what is due next."""
    query = GoalQuery(user=user, is_open=None if is_all else True, limit=limit)

    async def look(known: Runs) -> tuple[object, Drawing]:
        goals = [await looked(known, plan) for plan in await known.plans.find(query)]
        if not (goals or as_json or watch):
            Screen(stderr=True).line("no goal is open" if query.is_open else "there are no goals yet", "dim")
        return [goal.document for goal in goals], partial(goal_lines, goals)

    _show(store, look, watch=watch, as_json=as_json)


@plans.command(short_help="Show a goal: its tasks as a tree, and how each stands.")
def show(goal: GoalName, *, watch: Watch = False, as_json: AsJson = False, store: Store = None) -> None:
    """Show GOAL: its tasks, each below the one that it comes after, with their times, runs and results."""

    async def look(known: Runs) -> tuple[object, Drawing]:
        found = await looked(known, await one_goal(known, goal, store))
        return found.document, partial(goal_tree, found)

    _show(store, look, watch=watch, as_json=as_json)


@plans.command(short_help="Add a goal.")
def add(  # noqa: PLR0913 - each option is an argument of the command
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT", help="A .toml or .json file, '-' for JSON on stdin, or the words of one task."
        ),
    ],
    *,
    agent: Annotated[
        str | None, typer.Option(metavar="NAME", help="The agent that does it; a person if not given.")
    ] = None,
    due: Time = None,
    deadline: Time = None,
    every: Annotated[
        str | None,
        typer.Option(metavar="SPAN", help="Do it again and again: 45min, 3h, 2d, 1w.", show_default=False),
    ] = None,
    user: Annotated[str, typer.Option(metavar="NAME", help="Whom it is for.", show_default=False)] = "",
    name: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="A name of your own for the goal.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """Add a goal from a file, or one with a single task; its id goes to stdout.

    The options after WHAT are those of a single task. A worker that knows its agent begins it when it is due.
    """

    def goal(now: float) -> Goal:
        if len(what) == 1 and (what[0] == STDIN or what[0].endswith(SUFFIXES)):
            if any((agent, due, deadline, every, user, name)):
                raise ConfigError(f"the goal is in {what[0]!r}; write into it what the options say")
            return read_goal(what[0], now)
        words = checked(" ".join(what))
        task = Task(
            _TASK,
            input=words,
            agent=agent,
            due=None if due is None else read_time(due, now),
            deadline=None if deadline is None else read_time(deadline, now),
            every_s=None if every is None else read_span_s(every),
        )
        return Goal(words, tasks=[task], user=user, id=name)

    with results() as out:
        added = run_in_new_loop(_add(store or DEFAULT_STORE, goal))
        if as_json:
            write_document(out, added.document)
        else:
            out.line(added.plan.id)
            _say_how_to_look(added.plan, store)


def _show(store: str | None, look: Look, *, watch: bool, as_json: bool) -> None:
    """Show what there is to be seen, once or again and again."""
    with results() as out:
        if watch:
            raise typer.Exit(run_in_new_loop(_watch(store, look, out, as_json=as_json)))
        document, drawing = run_in_new_loop(_once(store, look))
        if as_json:
            write_document(out, document)
        else:
            draw(out, drawing)


async def _once(store: str | None, look: Look) -> tuple[object, Drawing]:
    async with looking(store) as known:
        return await look(known)


async def _watch(
    store: str | None,
    look: Look,
    out: Screen,
    *,
    as_json: bool,
) -> int:
    """Look each second until a signal comes, and give the exit code of that."""
    with stopping(lambda: None) as stop, Redrawn(out) as redrawn:
        try:
            async with looking(store) as known:
                while True:
                    document, drawing = await look(known)
                    if as_json:
                        write_document(out, document, indent=None)
                    else:
                        redrawn.draw(drawing)
                    await asyncio.sleep(_EVERY_S)
        except asyncio.CancelledError:
            if stop.by is None:
                raise
    return stop.exit_code


async def _add(url: str, goal: Callable[[float], Goal]) -> LookedGoal:
    async with open_runs(url, settings=Settings(work=False)) as known:
        return await looked(known, await known.plans.add(goal(known.plans.now())))


def _say_how_to_look(plan: Plan, store: str | None) -> None:
    notes = Screen(stderr=True)
    agents = sorted({task.agent for task in plan.tasks if task.agent is not None})
    if agents:
        notes.line(f"begun by a worker of {', '.join(map(repr, agents))} when it is due", style="dim")
    notes.line(f"  {typed(store, 'plans', 'show', plan.id)}")


plans.command(short_help="Say that a task is done.")(plan_changes.done)
plans.command(short_help="Try again what has failed.")(plan_changes.retry)
plans.command(short_help="Go on without a task.")(plan_changes.skip)
plans.command(short_help="Cancel a task and what comes after it, or a goal.")(plan_changes.cancel)
