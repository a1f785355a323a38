"""`mainspring models add`: what training left becomes a model that agents can name."""

from typing import Annotated

import typer

from mainspring.cli.asked import AsJson
from mainspring.cli.pools.deciding import write
from mainspring.cli.views.screen import Screen, results
from mainspring.promotion.adding import Wanted
from mainspring.promotion.adding import add as add_to
from mainspring.promotion.settings_file import SettingsFile


def add(  # noqa: PLR0913 - each option is an argument of the command
    out: Annotated[
        str, typer.Argument(metavar="OUT", help="A training's folder, an export's, a .gguf file, or a URL.")
    ],
    *,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What agents call it; made of OUT if not given.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="KIND", help="Which export: gguf, gguf-adapter, or its name.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", metavar="MODEL", help="What an adapter is laid over.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="What the server at a URL calls it.")
    ] = None,
    context_tokens: Annotated[
        int | None, typer.Option("--context", metavar="N", help="Tokens of context.", min=64)
    ] = None,
    replaces: Annotated[bool, typer.Option("--replace", help="Write over another model of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write OUT into mainspring.toml as [models.NAME], and print the name; its comments and order are kept."""
    with results() as screen:
        file = SettingsFile.here()
        wanted = Wanted(out=out, name=name, to=to, base=base, served_as=model, context_tokens=context_tokens)
        added = add_to(file, wanted, replaces=replaces)
        if as_json:
            write(
                screen,
                {"name": added.name, "settings": added.table, "file": str(file.path), "changed": added.changed},
            )
            return
        done = "added to" if added.changed else "stands already in"
        Screen(stderr=True).line(f"{done} {file.path}", style="dim")
        screen.line(added.name)
