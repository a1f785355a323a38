"""`mainspring runs`: the runs of a store: which there are, how one went, and what becomes of it."""

from typing import Annotated, get_args

import typer
from pydantic_core import to_json
from rich.text import Text

from mainspring.agent import run_in_new_loop
from mainspring.cli import again
from mainspring.cli.asked import AsJson
from mainspring.cli.load import load_agent
from mainspring.cli.prepare import make_agent_ready
from mainspring.cli.stored.driving import Driving, Taken, show
from mainspring.cli.stored.ending import Ending
from mainspring.cli.stored.limits import (
    BudgetWindow,
    Calls,
    InputTokens,
    OutputTokens,
    Spent,
    ToolCalls,
    Usd,
    Wall,
    WindowGiven,
    budget_of,
)
from mainspring.cli.stored.looking import Looked, is_cut_off, look, looking, one_run
from mainspring.cli.stored.store import By, Store, existing, typed, who
from mainspring.cli.views.budget import budget_document, budget_lines, window_text
from mainspring.cli.views.page import Page, draw_page
from mainspring.cli.views.rows import draw_runs
from mainspring.cli.views.run import JsonLines, RunView
from mainspring.cli.views.screen import Screen, results
from mainspring.core import Budget
from mainspring.core.errors import ConfigError
from mainspring.runs import DEFAULT_STORE, Query, RunRow, Runs, Settings, Status, open_runs
from mainspring.runs.ledger import Balance

runs = typer.Typer(
    help="Look at runs in a store; let them go on, stop, fork and replay them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Its id, or the beginning of it.")]
DriveAs = Annotated[
    str | None,
    typer.Option(
        "--agent",
        metavar="AGENT",
        help="Drive it here, and show it; a worker does if not given.",
        show_default=False,
    ),
]


@runs.command("list", short_help="List runs, the newest first.")
def list_runs(
    *,
    statuses: Annotated[
        list[str] | None,
        typer.Option("--status", help="Only those; repeatable.", metavar="STATUS", show_default=False),
    ] = None,
    agents: Annotated[
        list[str] | None,
        typer.Option("--agent", help="Only runs of the agent of that name; repeatable.", metavar="NAME"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="The newest so many.")] = 20,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """List runs, the newest first: how they stand, what they took, what they were asked.

    STATUS is pending, running, waiting, finished, failed or cancelled.
    """
    query = Query(statuses=_statuses(statuses), agents=agents or None, limit=limit)
    with results() as out:
        found = run_in_new_loop(_list(store, query))
        if as_json:
            _write(out, [run.document for run in found])
        elif found:
            draw_runs(out, found)
        else:
            Screen(stderr=True).line(
                "there are no such runs" if statuses or agents else "there are no runs yet", "dim"
            )


@runs.command("show", short_help="Show a run: how it stands, and every step.")
def show_run(run: RunName, *, as_json: AsJson = False, store: Store = None) -> None:
    """Show RUN: how it stands, what it may spend, what it waits for, and every step with what it took."""
    with results() as out:
        page = run_in_new_loop(_page(store, run))
        if as_json:
            _write(out, {**page.document, "events": page.run.entries})
        else:
            draw_page(out, page)


@runs.command(short_help="Follow a run as it goes.")
def tail(
    run: RunName,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Every event as a line of JSON on stdout.")] = False,
    store: Store = None,
) -> None:
    """Follow RUN from its beginning until it ends or waits for a human; exit as `mainspring run` would."""
    with results() as out:
        notes = Screen(stderr=True)
        with JsonLines(out) if as_json else RunView(notes, out) as view:
            code = run_in_new_loop(_tail(store, run, view, notes))
    if code:
        raise typer.Exit(code)


@runs.command(short_help="Let a run go on.")
def resume(  # noqa: PLR0913 - each option is an argument of the command
    run: RunName,
    *,
    agent: DriveAs = None,
    usd: Usd = None,
    calls: Calls = None,
    tool_calls: ToolCalls = None,
    input_tokens: InputTokens = None,
    output_tokens: OutputTokens = None,
    wall_s: Wall = None,
    when_spent: Spent = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every event as a line of JSON on stdout.")] = False,
    by: By = None,
    store: Store = None,
) -> None:
    """Let RUN go on that failed, was cancelled or cut off, or has spent its budget; what failed is tried again.

    Limits are those of its own budget from now on; the others stay.
    """
    budget = budget_of(
        usd=usd,
        model_calls=calls,
        tool_calls=tool_calls,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        wall_s=wall_s,
        when_spent=when_spent,
    )
    with results() as out:
        notes = Screen(stderr=True)
        if agent is None:
            row = run_in_new_loop(_hand_in(store, run, who(by), budget))
            say_goes_on(notes, row, store)
            return
        url, loaded = existing(store), load_agent(agent)
        make_agent_ready(loaded, notes)

        async def take(known: Runs) -> Taken:
            row = await one_run(known, run, store)
            if row.agent != loaded.name:
                raise ConfigError(f"run {row.id!r} is one of agent {row.agent!r}, and {agent!r} is {loaded.name!r}")
            known.register(loaded)
            return Taken(await known.resume(row.id, by=who(by), budget=budget), row.n_events)

        with JsonLines(out) if as_json else RunView(notes, out) as view:
            Driving(url, agent, view, notes, streams=view.is_lively).drive(take)


@runs.command(short_help="Stop a run.")
def cancel(run: RunName, *, by: By = None, store: Store = None) -> None:
    """Stop RUN, and the runs that it waits for; one that has ended is left as it is."""
    with results():
        before, after = run_in_new_loop(_cancel(store, run, who(by)))
        notes = Screen(stderr=True)
        if before.has_ended:
            notes.line(f"{before.id} had ended already: {before.status}")
        elif after.has_ended:
            notes.line(f"{after.id} is {after.status}")
        else:
            notes.line(f"{after.id} is asked to stop; whoever drives it ends it within seconds")


@runs.command("budget", short_help="Open, raise or show a budget that runs share.")
def share(  # noqa: PLR0913 - each option is an argument of the command
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called; run:ID is a run's own.")],
    *,
    usd: Usd = None,
    calls: Calls = None,
    tool_calls: ToolCalls = None,
    input_tokens: InputTokens = None,
    output_tokens: OutputTokens = None,
    wall_s: Wall = None,
    when_spent: Spent = None,
    window: BudgetWindow = None,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """Show the budget NAME; with limits, open it or give it those, and leave the others as they are."""
    budget = budget_of(
        usd=usd,
        model_calls=calls,
        tool_calls=tool_calls,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        wall_s=wall_s,
        when_spent=when_spent,
    )
    with results() as out:
        is_given = budget is not None or window is not None
        url = (store or DEFAULT_STORE) if is_given else existing(store)
        balance = run_in_new_loop(_share(url, name, budget if is_given else None, window))
        if as_json:
            _write(out, budget_document(balance))
            return
        out.line(Text("  ").join(filter(None, (Text(name, "bold"), Text(window_text(balance), "dim")))))
        for line in budget_lines(balance):
            out.line(line)


def say_goes_on(notes: Screen, row: RunRow, store: str | None) -> None:
    """Say who goes on with a run, and how to do it here."""
    if row.status == "running":
        notes.line(f"{row.id} goes on: it is being driven")
        return
    notes.line(f"{row.id} goes on with a worker of {row.agent!r}, or here with")
    notes.line(f"  {typed(store, 'runs', 'resume', row.id, '--agent', 'AGENT')}")


def _statuses(given: list[str] | None) -> list[Status] | None:
    known: tuple[Status, ...] = get_args(Status)
    if wrong := [name for name in given or () if name not in known]:
        raise ConfigError(f"there is no status {wrong[0]!r}; there are {', '.join(known)}")
    return [status for status in known if status in given] if given else None


async def _list(store: str | None, query: Query) -> list[Looked]:
    async with looking(store) as known:
        return [await look(known, row) for row in await known.find(query)]


async def _page(store: str | None, name: str) -> Page:
    async with looking(store) as known:
        row = await one_run(known, name, store)
        balances = await known.store.balances(row.budgets)
        return Page(
            run=await look(known, row),
            budgets=list(balances.values()),
            pending=await (await known.get(row.id)).pending(),
            children=await known.find(Query(parent=row.id)),
            store=store,
        )


async def _tail(store: str | None, name: str, view: RunView | JsonLines, notes: Screen) -> int:
    async with looking(store) as known:
        row = await one_run(known, name, store)
        if is_cut_off(row):
            notes.line(f"{row.id} was cut off, and nobody drives it", style="dim")
        run = await known.get(row.id)
        shown = await show(known, Taken(run), view, streams=False)
        return await Ending(known, store, notes).tell(run, "AGENT", shown)


async def _hand_in(store: str | None, name: str, by: str, budget: Budget | None) -> RunRow:
    async with looking(store) as known:
        row = await one_run(known, name, store)
        return await (await known.resume(row.id, by=by, budget=budget)).row()


async def _cancel(store: str | None, name: str, by: str) -> tuple[RunRow, RunRow]:
    async with looking(store) as known:
        row = await one_run(known, name, store)
        await known.cancel(row.id, by=by)
        return row, await known.row(row.id)


async def _share(url: str, name: str, budget: Budget | None, window: WindowGiven | None) -> Balance:
    async with open_runs(url, settings=Settings(work=False)) as known:
        if budget is not None or window is not None:
            before = (await known.store.balances([name])).get(name)
            limits = before.budget if before is not None else Budget()
            kept = None if before is None else before.window
            then = None if window == "never" else window or kept
            changes = {} if budget is None else budget.model_dump(exclude_unset=True)
            await known.share_budget(name, limits.model_copy(update=changes), window=then)
        return await known.balance(name)


def _write(out: Screen, document: object) -> None:
    out.console.file.write(to_json(document, indent=2).decode() + "\n")


runs.command(short_help="Begin a new run that departs from another.")(again.fork)
runs.command(short_help="Play a run again from its record.")(again.replay)
runs.command(short_help="Compare two runs step by step.")(again.diff)
runs.command(short_help="Hand a run on: as messages, or as a page.")(again.export)
