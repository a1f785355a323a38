"""`mainspring eval run`: models are held to a suite."""

from pathlib import Path
from typing import Annotated

import typer

from mainspring.cli.asked import AsJson
from mainspring.cli.evaluating.documents import kept_document, write
from mainspring.cli.evaluating.holding import Bench
from mainspring.cli.evaluating.options import (
    CONCURRENCY,
    Concurrency,
    DecisionsOf,
    Folder,
    JudgeName,
    Limit,
    decisions_of,
)
from mainspring.cli.views.evals import draw_kept
from mainspring.cli.views.screen import Screen, results
from mainspring.core.errors import ConfigError
from mainspring.evals import Results, load_suite
from mainspring.evals.folder import DEFAULT
from mainspring.prompts import Prompt


def run(  # noqa: PLR0913 - each option is an argument of the command
    suite: Annotated[
        str, typer.Argument(metavar="SUITE", help="A file of cases, a folder of them, or FILE.py:NAME.")
    ],
    *,
    models: Annotated[
        list[str],
        typer.Option("--model", metavar="NAME", help="Who is asked: a model, or a GGUF file; repeatable."),
    ],
    prompt: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A prompt file whose words are told instead of the cases' own."),
    ] = None,
    judge: JudgeName = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where the outcomes go; a file in FOLDER if not given."),
    ] = None,
    folder: Folder = DEFAULT,
    concurrency: Concurrency = CONCURRENCY,
    limit: Limit = None,
    decisions: DecisionsOf = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model every case of SUITE, score what it decides, and keep it.

    After Ctrl-C or a crash the same command goes on. What failed for want of an answer is asked again, too.
    """
    if out is not None and len(models) > 1:
        raise ConfigError("--out is the file of one model; leave it out, and each model gets a file of its own")
    with results() as screen:
        loaded = load_suite(suite, decisions_of(decisions))
        loaded = loaded if limit is None else loaded.limited(limit)
        loaded = loaded if prompt is None else loaded.told(Prompt.load(prompt))
        bench = Bench(Results(folder), concurrency, judge, Screen(stderr=True))
        kept = [bench.held(loaded, model, out) for model in models]
        if as_json:
            write(screen, [kept_document(one) for one in kept])
            return
        for one in kept:
            draw_kept(screen, one)
