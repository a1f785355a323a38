"""`mainspring eval compare`: models, or prompts, side by side on the same cases."""

from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from mainspring.cli.asked import AsJson
from mainspring.cli.evaluating.documents import comparison_document, write
from mainspring.cli.evaluating.holding import Bench
from mainspring.cli.evaluating.options import (
    CONCURRENCY,
    Cluster,
    Concurrency,
    DecisionsOf,
    Folder,
    JudgeName,
    Limit,
    decisions_of,
    listed,
)
from mainspring.cli.views.evals import draw_comparison
from mainspring.cli.views.screen import Screen, results
from mainspring.core.errors import ConfigError
from mainspring.evals import Results, load_suite
from mainspring.evals import compare as compare_held
from mainspring.evals.drawing import page
from mainspring.evals.folder import DEFAULT
from mainspring.prompts import Prompt


def compare(  # noqa: PLR0913 - each option is an argument of the command
    *,
    models: Annotated[
        str, typer.Option(metavar="NAMES", help="Models or GGUF files, with commas; the first is the reference.")
    ],
    suite: Annotated[
        str, typer.Option(metavar="SUITE", help="A file of cases, a folder of them, or FILE.py:NAME.")
    ],
    prompts: Annotated[
        str | None,
        typer.Option(
            metavar="FILES", help="Prompt files with commas: each is told instead of the cases' own words."
        ),
    ] = None,
    against: Annotated[
        int, typer.Option(min=1, metavar="N", help="Which of them is the reference, counted from 1.")
    ] = 1,
    judge: JudgeName = None,
    drawn: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Draw it into an HTML file, too.")
    ] = None,
    folder: Folder = DEFAULT,
    concurrency: Concurrency = CONCURRENCY,
    limit: Limit = None,
    decisions: DecisionsOf = None,
    cluster: Cluster = "",
    as_json: AsJson = False,
) -> None:
    """Compare models on the same cases: how right, how sure that is, how fast and how dear.

    What was held to the suite before is read; what was not is done first.
    """
    with results() as screen:
        loaded = load_suite(suite, decisions_of(decisions))
        loaded = loaded if limit is None else loaded.limited(limit)
        told = [loaded.told(Prompt.load(path)) for path in listed(prompts or "")] or [loaded]
        works = list(product(listed(models), told))
        if len(works) < against:
            raise ConfigError(f"--against {against} is none of the {len(works)} that are compared")
        bench = Bench(Results(folder), concurrency, judge, Screen(stderr=True))
        kept = [bench.known(one, model) for model, one in works]
        found = compare_held([one.held for one in kept], against - 1, cluster=cluster)
        if drawn is not None:
            drawn.write_text(page(found), encoding="utf-8")
        if as_json:
            write(screen, comparison_document(found))
        else:
            draw_comparison(screen, found)
