"""`mainspring eval show`, `list` and `diff`: results that are kept."""

from typing import Annotated

import typer

from mainspring.cli.asked import AsJson
from mainspring.cli.evaluating.documents import header_document, kept_document, write
from mainspring.cli.evaluating.options import Folder
from mainspring.cli.views.evals import draw_changes, draw_kept, draw_list
from mainspring.cli.views.screen import results
from mainspring.evals import Results, changes
from mainspring.evals.folder import DEFAULT

_ONE = "A file of results, a part of its name, or a model, of which the newest counts."


def show(
    name: Annotated[str, typer.Argument(metavar="RESULT", help=_ONE)],
    *,
    folder: Folder = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show what a model made of a suite: its score, what it took, and what was wrong."""
    with results() as screen:
        kept = Results(folder).named(name)
        if as_json:
            write(screen, kept_document(kept))
        else:
            draw_kept(screen, kept, n_wrong=None)


def list_results(*, folder: Folder = DEFAULT, as_json: AsJson = False) -> None:
    """List results, the newest last."""
    with results() as screen:
        known = Results(folder).all()
        if as_json:
            write(screen, [header_document(kept) for kept in known])
        else:
            draw_list(screen, known)


def diff(
    one: Annotated[str, typer.Argument(metavar="RESULT", help=_ONE)],
    other: Annotated[str, typer.Argument(metavar="RESULT", help="The other one.")],
    *,
    folder: Folder = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show which cases two results differ in, and what each of the two said."""
    with results() as screen:
        first, second = (Results(folder).named(name) for name in (one, other))
        found = changes(first.held, second.held)
        if as_json:
            write(screen, found)
        else:
            draw_changes(screen, first.held, second.held, found)
