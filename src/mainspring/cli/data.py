"""`mainspring data`: documents become training data, are checked and looked at; so do the journals of runs."""

import typer

from mainspring.cli.datasets.build import build
from mainspring.cli.datasets.check import check
from mainspring.cli.datasets.compare import compare
from mainspring.cli.datasets.from_runs import from_runs
from mainspring.cli.datasets.show import show
from mainspring.cli.datasets.work import work

data = typer.Typer(
    help="Make training data of documents and of runs, check it and look at it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
data.command()(build)
data.command()(check)
data.command()(show)
data.command("from-runs")(from_runs)
data.command()(compare)
data.command()(work)
