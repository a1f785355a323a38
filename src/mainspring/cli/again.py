"""`mainspring runs fork`, `replay`, `diff` and `export`: a run once more, from its record."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic_core import to_json

from mainspring.agent import Agent, run_in_new_loop
from mainspring.cli.asked import AsJson, ModelName
from mainspring.cli.load import load_agent
from mainspring.cli.prepare import make_agent_ready
from mainspring.cli.stored.driving import Driving, Taken
from mainspring.cli.stored.looking import looking, one_run
from mainspring.cli.stored.store import Store, existing, typed
from mainspring.cli.views.compared import draw_diff, draw_divergence
from mainspring.cli.views.run import JsonLines, RunView
from mainspring.cli.views.screen import Screen, results
from mainspring.cli.views.tally import count
from mainspring.core.errors import ConfigError
from mainspring.runs import Runs
from mainspring.runs.diff import Diff
from mainspring.runs.replay import Replay

_RunName = Annotated[str, typer.Argument(metavar="RUN", help="Its id, or the beginning of it.")]


def fork(  # noqa: PLR0913 - each option is an argument of the command
    run: _RunName,
    *,
    at: Annotated[
        int | None,
        typer.Option(
            metavar="SEQ",
            min=0,
            help="The first event that is not shared; all are if not given.",
            show_default=False,
        ),
    ] = None,
    agent: Annotated[
        str | None,
        typer.Option(
            "--agent",
            metavar="AGENT",
            help="Drive it here, and show it; a worker does if not given.",
            show_default=False,
        ),
    ] = None,
    model: ModelName = None,
    prompt: Annotated[
        Path | None,
        typer.Option("--prompt", metavar="FILE", help="Use this prompt file instead of the agent's instructions."),
    ] = None,
    result: Annotated[
        str | None,
        typer.Option("--result", metavar="TEXT", help="What the tool call at SEQ is to have returned."),
    ] = None,
    answer: Annotated[
        str | None,
        typer.Option("--answer", metavar="TEXT", help="What the human at SEQ is to have answered."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Name the new run.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every event as a line of JSON on stdout.")] = False,
    store: Store = None,
) -> None:
    """Begin a new run that shares RUN's events up to SEQ, and goes on from there.

    What is not shared is done anew, effects on the outside world included. `mainspring runs show RUN` has the
    numbers of events.
    """
    if agent is None and (model is not None or prompt is not None):
        raise ConfigError("another model or prompt needs the agent that works with it; add --agent AGENT")
    with results() as out:
        notes = Screen(stderr=True)
        url = existing(store)
        loaded = None if agent is None else load_agent(agent, model=model).replace(prompt=prompt)

        async def begin(known: Runs, who: Agent | None) -> Taken:
            row = await one_run(known, run, store)
            made = await known.fork(row.id, at=at, agent=who, result=result, answer=answer, id_new=name)
            shared = row.n_events if at is None else at
            notes.line(f"{made.id} departs from {row.id} at event {shared}", style="dim")
            return Taken(made, (await made.row()).n_events)

        async def hand_in() -> str:
            async with looking(store) as known:
                return (await begin(known, None)).run.id

        if agent is None or loaded is None:
            made = run_in_new_loop(hand_in())
            out.console.file.write(f"{made}\n")
            command = typed(store, "runs", "resume", made, "--agent", "AGENT")
            notes.line(f"a worker goes on with it, or here\n  {command}")
            return
        make_agent_ready(loaded, notes)
        with JsonLines(out) if as_json else RunView(notes, out) as view:
            driving = Driving(url, agent, view, notes, streams=view.is_lively)
            driving.drive(lambda known: begin(known, loaded))


def replay(
    run: _RunName,
    *,
    agent: Annotated[
        str | None,
        typer.Option(
            "--agent",
            metavar="AGENT",
            help="Derive from this agent instead of from the record.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """Play RUN again from its record, without models and tools; exit 1 where it departs from what was recorded.

    With an agent that tells whether what has changed of it makes a difference to the run.
    """
    with results() as out:
        found = run_in_new_loop(_replay(store, run, None if agent is None else load_agent(agent)))
        parted = found.divergence
        if as_json:
            document = {"run": found.run, "n_events": found.n_events, "divergence": None}
            if parted is not None:
                sides = {"recorded": parted.recorded, "derived": parted.derived}
                document["divergence"] = {"seq": parted.seq, "words": parted.words, **sides}
            out.console.file.write(to_json(document, indent=2).decode() + "\n")
        elif parted is None:
            out.line(f"{found.run}: {count(found.n_events, 'event')}, all as recorded")
        else:
            draw_divergence(out, found.run, parted)
    if parted is not None:
        raise typer.Exit(1)


def diff(
    one: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the beginning of it.")],
    other: Annotated[str, typer.Argument(metavar="RUN", help="The other one's.")],
    *,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """Compare two runs step by step: what was thought, called, returned and answered, and what that took."""
    with results() as out:
        found = run_in_new_loop(_diff(store, one, other))
        if as_json:
            out.console.file.write(to_json(found, indent=2).decode() + "\n")
        else:
            draw_diff(out, found)


def export(
    run: _RunName,
    *,
    form: Annotated[
        Literal["messages", "page"],
        typer.Option("--to", metavar="FORM", help="messages, as JSON, or page, to look at."),
    ],
    file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to; stdout if not given.", show_default=False),
    ] = None,
    store: Store = None,
) -> None:
    """Hand RUN on: its conversation as JSON for other programs, or all of it as a page of HTML for people."""
    with results() as out:
        text = run_in_new_loop(_export(store, run, form)).rstrip("\n") + "\n"
        if file is None:
            out.console.file.write(text)
            return
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{str(file)!r} cannot be written: {error.strerror or error}") from error
        out.console.file.write(f"{file}\n")


async def _replay(store: str | None, name: str, agent: Agent | None) -> Replay:
    async with looking(store) as known:
        return await known.replay((await one_run(known, name, store)).id, agent)


async def _diff(store: str | None, one: str, other: str) -> Diff:
    async with looking(store) as known:
        return await known.diff(*[(await one_run(known, name, store)).id for name in (one, other)])


async def _export(store: str | None, name: str, form: Literal["messages", "page"]) -> str:
    async with looking(store) as known:
        row = await one_run(known, name, store)
        if form == "page":
            return await known.export_page(row.id)
        return to_json(await known.export_messages(row.id), indent=2).decode()
