"""`mainspring eval`: models are held to suites of cases, and compared."""

import typer

from mainspring.cli.evaluating.check import check
from mainspring.cli.evaluating.compare import compare
from mainspring.cli.evaluating.looking import diff, list_results, show
from mainspring.cli.evaluating.run import run

eval = typer.Typer(  # noqa: A001 - the root finds a command by its name
    help="Hold models to suites of cases, and compare them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
eval.command()(run)
eval.command()(compare)
eval.command()(show)
eval.command("list")(list_results)
eval.command()(diff)
eval.command()(check)
