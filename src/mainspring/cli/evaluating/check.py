"""`mainspring eval check`: a suite is read, and what is wrong in it is told by file and line."""

from pathlib import Path
from typing import Annotated

import typer

from mainspring.cli.asked import AsJson
from mainspring.cli.evaluating.documents import write
from mainspring.cli.evaluating.options import DecisionsOf, decisions_of
from mainspring.cli.views.evals import draw_check
from mainspring.cli.views.screen import results
from mainspring.evals import read_files


def check(
    suite: Annotated[Path, typer.Argument(metavar="SUITE", help="A file of cases, or a folder of them.")],
    *,
    decisions: DecisionsOf = None,
    as_json: AsJson = False,
) -> None:
    """Read SUITE, and name the lines that are broken; exit code 1 if there are any."""
    with results() as screen:
        files = read_files(suite, decisions_of(decisions))
        if as_json:
            write(screen, {"name": files.name, "n_cases": len(files.cases), "problems": files.problems})
        else:
            draw_check(screen, files)
        if files.problems:
            raise typer.Exit(1)
