"""Options that several commands of `mainspring eval` have."""

from pathlib import Path
from typing import Annotated, Final, cast, get_args

import typer

from mainspring.core.errors import ConfigError
from mainspring.evals.dataset import Decisions

CONCURRENCY: Final = 4

Folder = Annotated[Path, typer.Option("--results", metavar="FOLDER", help="Where results are kept.")]
Concurrency = Annotated[
    int, typer.Option(min=1, metavar="N", help="Cases at once; 1 where seconds per decision are to be compared.")
]
Limit = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="So many of the cases, chosen by their ids; all if not given."),
]
DecisionsOf = Annotated[
    str | None,
    typer.Option(
        "--decisions",
        metavar="WHICH",
        show_default=False,
        help=f"What of a dataset's rows become cases: {', '.join(get_args(Decisions))}.",
    ),
]
JudgeName = Annotated[
    str | None, typer.Option("--judge", metavar="MODEL", help="Judges the cases that want a judge.")
]
Cluster = Annotated[
    str,
    typer.Option(metavar="TAG", help="Beginning of the tags that say which cases belong together, as document:"),
]


def decisions_of(given: str | None) -> Decisions | None:
    """Give which messages of a dataset's rows become cases.

    Raises:
        ConfigError: It is none of those that there are.
    """
    if given is not None and given not in get_args(Decisions):
        raise ConfigError(f"--decisions {given!r} is none of {', '.join(get_args(Decisions))}")
    return cast("Decisions | None", given)


def listed(given: str) -> list[str]:
    """Give what stands between commas."""
    return [name.strip() for name in given.split(",") if name.strip()]
