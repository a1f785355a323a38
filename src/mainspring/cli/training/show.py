"""`mainspring train show`: how far a training run is, and what it took."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from mainspring.cli.asked import AsJson
from mainspring.cli.views.screen import results
from mainspring.cli.views.training import draw_figures
from mainspring.core.errors import ConfigError
from mainspring.train.folder import RunFolder
from mainspring.train.launching import plan_folder
from mainspring.train.reporting import Figures, read_figures, write_report

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a training run.")]


def show(folder: Folder, *, as_json: AsJson = False) -> None:
    """Show the figures of the training run in FOLDER, and write its report anew."""
    with results() as out:
        run = RunFolder(folder)
        figures = figures_of(run)
        if as_json:
            out.console.file.write(figures.model_dump_json(indent=2) + "\n")
        else:
            draw_figures(out, figures, run)


def figures_of(folder: RunFolder) -> Figures:
    """Read a run's figures beside what was planned, and draw its report of them.

    Raises:
        ConfigError: No training has begun there.
    """
    plan = None
    with suppress(ConfigError):  # figures can be read where the base is gone, too
        plan = plan_folder(folder)
    figures = read_figures(folder, plan)
    write_report(folder, plan)
    return figures
