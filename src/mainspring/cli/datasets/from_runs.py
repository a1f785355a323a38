"""`mainspring data from-runs`: runs of a store become conversations to train on."""

import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from pydantic_core import to_json
from rich.text import Text

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.prepare import waiting
from mainspring.cli.stored.looking import looking
from mainspring.cli.stored.store import Store
from mainspring.cli.views.screen import Screen, harmless, results
from mainspring.cli.views.tally import count
from mainspring.core.errors import ConfigError
from mainspring.data.traces import REASONS, Counts, Handling, Taking, read_where, traces
from mainspring.data.traces.folder import SHARE, write_traces
from mainspring.data.writing import Dataset
from mainspring.runs import Query, Runs
from mainspring.runs.journal import ENDED

_LABEL: Final = 11
_LOOKED_THROUGH: Final = 1_000
"""How many runs are looked through for agents that there are."""
_HANDLING: Final = "leave_out, mark for a person to decide, or take."


def from_runs(  # noqa: PLR0913 - each option is an argument of the command
    *,
    agent: Annotated[str, typer.Option(metavar="NAME", help="Whose runs, by the agent's name.")],
    out_folder: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder of the dataset.")],
    where: Annotated[
        str, typer.Option(metavar="FILTER", help='Which, such as "approved and steps<=6".')
    ] = "finished",
    form: Annotated[
        Literal["tools", "openai"],
        typer.Option("--format", help="tools, or openai for conversations without tool calls."),
    ] = "tools",
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The newest so many.", show_default=False)
    ] = None,
    children: Annotated[
        bool, typer.Option("--children", help="The runs that these have begun, too, as examples of their own.")
    ] = False,
    corrections: Annotated[
        bool, typer.Option("--keep-corrections", help="Keep steps that were corrected, with the corrections.")
    ] = False,
    secret: Annotated[Handling, typer.Option(help=f"Runs with secret words: {_HANDLING}")] = "leave_out",  # noqa: S107 - it is none
    untrusted: Annotated[Handling, typer.Option(help=f"Runs with untrusted words: {_HANDLING}")] = "take",
    validation: Annotated[
        float, typer.Option(min=0.0, max=0.5, metavar="SHARE", help="About how much of it is for validation.")
    ] = SHARE,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """Make training conversations of an agent's runs: with its tools and calls, and without what was corrected.

    FILTER joins words with and, or, not and brackets: finished, failed, approved, refused, edited, answered,
    corrected; steps<=6, cost<0.01, model=NAME, tool=NAME, label=untrusted, since=2026-11-01, until=2026-12-01.
    """
    taking = Taking(
        children=children, keep_corrections=corrections, secret=secret, untrusted=untrusted, limit=limit
    )
    read_where(where)  # refused before anything is opened
    counts = Counts()

    async def write(runs: Runs) -> Dataset:
        found = traces(runs, agent=agent, where=where, taking=taking, counts=counts)
        return await write_traces(out_folder, found, counts, format=form, share=validation)

    with results() as out:
        notes = Screen(stderr=True)
        try:
            with waiting(notes, f"reading runs of {agent}"):
                dataset = run_in_new_loop(_reading(store, agent, write))
        finally:
            for problem in counts.problems:
                notes.line(Text.assemble(("passed over", "yellow"), f": {harmless(problem)}"))
        if as_json:
            out.console.file.write(to_json(_document(out_folder, dataset, counts), indent=2).decode() + "\n")
        else:
            _draw(out, out_folder, dataset, counts)


async def _reading(store: str | None, agent: str, write: Callable[[Runs], Awaitable[Dataset]]) -> Dataset:
    async with looking(store) as runs:
        if not await runs.find(Query(agents=[agent], statuses=ENDED, limit=1)):
            names = sorted({row.agent for row in await runs.find(Query(limit=_LOOKED_THROUGH))})
            there = f"there are runs of {', '.join(names)}" if names else "there are no runs at all"
            raise ConfigError(f"no run of an agent {agent!r} has ended in {runs.store.url}; {there}")
        return await write(runs)


def _document(folder: Path, dataset: Dataset, counts: Counts) -> dict[str, object]:
    return {
        "folder": str(folder),
        "format": dataset.format,
        **counts.document,
        "n_rows": dataset.n_rows,
        "not_in_format": dataset.left_out,
    }


def _draw(out: Screen, folder: Path, dataset: Dataset, counts: Counts) -> None:
    show = shlex.join(("mainspring", "data", "show", str(folder)))
    marked = f", {counts.n_marked} of them marked; decide with `{show}`" if counts.n_marked else ""
    out.say("looked at", count(counts.n_looked_at, "run"), indent=_LABEL)
    out.say("taken", f"{counts.n_taken}{marked}", indent=_LABEL)
    lines = [(n, REASONS[reason]) for reason, n in counts.left_out.most_common()]
    lines += [(n, why) for why, n in dataset.left_out.items()]
    for place, (n, why) in enumerate(lines):
        out.say("" if place else "left out", f"{n}: {why}", indent=_LABEL)
    rows = ", ".join(f"{n} in {split}" for split, n in dataset.n_rows.items())
    out.say("rows", f"{rows}, as {dataset.format} in {folder}", indent=_LABEL)
