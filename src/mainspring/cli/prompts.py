"""`mainspring prompts`: which prompt files there are, what stands in them, how their versions differ and did."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import to_json

from mainspring.cli.asked import AsJson
from mainspring.cli.prompt_files.history import Comparison, History, head, whole
from mainspring.cli.prompt_files.shelves import Shelves
from mainspring.cli.prompt_files.used import uses
from mainspring.cli.views.prompts import draw_comparison, draw_history, draw_prompt, draw_shelves
from mainspring.cli.views.screen import Screen, results

prompts = typer.Typer(
    help="List prompt files, show them, and compare their versions.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Folders = Annotated[
    list[Path] | None,
    typer.Option(
        "--folder",
        metavar="DIR",
        help="Prompts of this folder, too; they go before what is shipped; repeatable.",
        show_default=False,
    ),
]
_ONE = "NAME, NAME@VERSION, either behind its ROOM/, or a file."


@prompts.command("list", short_help="List the prompts there are.")
def list_prompts(*, folders: Folders = None, as_json: AsJson = False) -> None:
    """List the prompts of the package, room by room, and of folders; the digest is that of the last version."""
    with results() as out:
        shelves = Shelves.of(folders or ()).shelves
        if not as_json:
            draw_shelves(out, shelves)
            return
        found = [
            {"room": shelf.room, "versions": [prompt.version for prompt in versions], **head(versions[-1])}
            for shelf in shelves
            for versions in shelf.prompts.values()
        ]
        _write(out, found)


@prompts.command(short_help="Show what stands in a prompt file.")
def show(
    name: Annotated[str, typer.Argument(metavar="PROMPT", help=_ONE)],
    *,
    folders: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Show PROMPT: what it says of itself, and its words; the version that is worked by if none is given."""
    with results() as out:
        prompt = Shelves.of(folders or ()).pick(name)
        if as_json:
            _write(out, whole(prompt))
        else:
            draw_prompt(out, prompt)


@prompts.command(short_help="Compare two prompts.")
def diff(
    one: Annotated[str, typer.Argument(metavar="PROMPT", help=_ONE)],
    other: Annotated[str, typer.Argument(metavar="PROMPT", help="The other one.")],
    *,
    folders: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Compare two prompts line by line: what they say of themselves, and their words."""
    with results() as out:
        shelves = Shelves.of(folders or ())
        found = Comparison.of(shelves.pick(one), shelves.pick(other))
        if as_json:
            _write(out, found.document)
        else:
            draw_comparison(out, found)


@prompts.command(short_help="Show a prompt's versions, and what was made by them.")
def log(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A prompt, behind its ROOM/ where several have it.")],
    *,
    folders: Folders = None,
    datasets: Annotated[
        list[Path] | None,
        typer.Option(
            "--dataset",
            metavar="DIR",
            help="Say what of this dataset was made by which version; repeatable.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show every version of NAME: its digest, what changed in it, its length, and what was accepted of its work."""
    with results() as out:
        versions = Shelves.of(folders or ()).versions(name)
        ((short, prompts_of),) = versions.items()
        made = [use for folder in datasets or () for use in uses(folder, short)]
        history = History.of(prompts_of, made)
        if as_json:
            _write(out, history.document)
        else:
            draw_history(out, history)


def _write(out: Screen, document: object) -> None:
    out.console.file.write(to_json(document, indent=2).decode() + "\n")
