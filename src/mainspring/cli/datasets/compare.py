"""`mainspring data compare`: the same documents in several ways: versions of a prompt, teachers, judges."""

import asyncio
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic_core import to_json

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.datasets.build import DEFAULT_MODEL, STOPPED, STOPPING
from mainspring.cli.prepare import make_ready
from mainspring.cli.stored.signals import stopping
from mainspring.cli.views.build import BuildView, compared
from mainspring.cli.views.screen import Screen, results
from mainspring.core.errors import ConfigError
from mainspring.data.building import Options, Report
from mainspring.data.building import compare as build_each
from mainspring.models import open_model

_TEACHER: Final = "teacher="
_JUDGE: Final = "judge="


def compare(  # noqa: PLR0913 - each option is an argument of the command
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A document, or a folder of documents.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where a dataset of each way is written.")],
    ways: Annotated[
        list[str],
        typer.Option(
            "--with",
            metavar="WAY",
            help="question_writer@2, teacher=MODEL or judge=MODEL, several with commas; once for each way.",
        ),
    ],
    teacher: Annotated[
        str, typer.Option("--teacher", metavar="MODEL", help="Of ways that name none.")
    ] = DEFAULT_MODEL,
    judge: Annotated[
        str, typer.Option("--judge", metavar="MODEL", help="Of ways that name none; none if not given.")
    ] = "",
    prompts: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Prompt files instead of the shipped ones; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build a dataset in each way; compare how many examples are accepted, their costs and their lengths.

    What two ways ask alike is asked once. There is no budget here.
    """
    if len(set(ways)) < 2:
        raise ConfigError(
            "nothing to compare; give --with twice, as --with question_writer@1 --with question_writer@2"
        )
    opened = cache(open_model)
    usual = Options(teacher=teacher, judge=judge, prompt_folders=tuple(prompts or ()), open_model=opened)
    asked = {way.replace("/", "_"): _way(way, usual) for way in ways}
    with results() as screen:
        notes = Screen(stderr=True)
        for name in dict.fromkeys(name for way in asked.values() for name in (way.teacher, way.judge) if name):
            make_ready(opened(name), notes)
        reports = run_in_new_loop(_compare(source, out, asked, notes))
        if isinstance(reports, int):
            raise typer.Exit(reports)
        if as_json:
            screen.console.file.write(
                to_json({name: report.model_dump(mode="json") for name, report in reports.items()}).decode() + "\n"
            )
        else:
            screen.console.print(compared(reports))


def _way(words: str, usual: Options) -> Options:
    """Read what is different in a way."""
    way = usual
    for part in words.split(","):
        if part.startswith(_TEACHER):
            way = replace(way, teacher=part.removeprefix(_TEACHER))
        elif part.startswith(_JUDGE):
            way = replace(way, judge=part.removeprefix(_JUDGE))
        else:
            way = replace(way, prompt_versions=(*way.prompt_versions, part))
    return way


async def _compare(source: Path, out: Path, ways: dict[str, Options], notes: Screen) -> dict[str, Report] | int:
    """Build each; the exit code where a signal came first."""
    with stopping(lambda: notes.line(STOPPING, style="dim")) as stop:
        try:
            with BuildView(notes) as view:
                return await build_each(source, out, ways, view.show)
        except asyncio.CancelledError:
            if stop.by is None:
                raise
            notes.line(STOPPED, style="dim")
            return stop.exit_code
