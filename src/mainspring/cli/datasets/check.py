"""`mainspring data check`: what is wrong with a dataset, and what it is like."""

from pathlib import Path
from typing import Annotated

import typer

from mainspring.cli.app import FAILED
from mainspring.cli.asked import AsJson
from mainspring.cli.views.dataset import findings_lines
from mainspring.cli.views.screen import results
from mainspring.data.checking import check_dataset


def check(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder that a build wrote.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Check the rows in FOLDER: form, sources, duplicates, leakage between splits, lengths, and the judge.

    The exit code is 1 where there is an error; a warning is for somebody to look at.
    """
    with results() as out:
        findings = check_dataset(folder)
        if as_json:
            out.console.file.write(findings.model_dump_json(indent=2) + "\n")
        else:
            for line in findings_lines(findings, out.width):
                out.line(line)
    if not findings.is_sound:
        raise typer.Exit(FAILED)
