"""`mainspring train`: a dataset and a base become a model; what it takes is told before."""

import typer

from mainspring.cli.training.export import export
from mainspring.cli.training.plan import plan
from mainspring.cli.training.run import run
from mainspring.cli.training.show import show
from mainspring.cli.training.template import template

train = typer.Typer(
    help="Train a small model on a dataset, and export it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
train.command()(plan)
train.command()(run)
train.command()(show)
train.command()(export)
train.command()(template)
