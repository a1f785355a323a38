"""`mainspring train template`: what a scheduler of several machines is handed."""

from pathlib import Path
from typing import Annotated

import typer

from mainspring.cli.views.screen import results
from mainspring.train.job_files import make_job, read_job_file
from mainspring.train.templates import fill_template


def template(
    scheduler: Annotated[str, typer.Argument(metavar="SCHEDULER", help="slurm or kubernetes.")],
    job: Annotated[Path, typer.Argument(metavar="JOB", help="A job file.")],
    *,
    machines: Annotated[int, typer.Option("--machines", min=1, metavar="N", help="How many machines.")] = 2,
) -> None:
    """Print a template for SCHEDULER, filled in for JOB; its processes are those of one machine."""
    with results() as out:
        filled = fill_template(scheduler, make_job(read_job_file(job)), machines=machines)
        out.console.file.write(filled)
