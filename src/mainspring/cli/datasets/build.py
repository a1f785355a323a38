"""`mainspring data build`: a folder of documents becomes a dataset for fine-tuning."""

import asyncio
from functools import cache
from pathlib import Path
from typing import Annotated, Final, get_args

import typer

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.prepare import make_ready
from mainspring.cli.stored.limits import (
    BudgetCalls,
    BudgetInputTokens,
    BudgetOutputTokens,
    BudgetUsd,
    budget_of,
)
from mainspring.cli.stored.signals import stopping
from mainspring.cli.stored.store import StoreName
from mainspring.cli.views.build import BuildView, show_report
from mainspring.cli.views.screen import Screen, results
from mainspring.cli.views.tally import count
from mainspring.core import Budget
from mainspring.core.errors import BudgetError, ConfigError, ModelError
from mainspring.data import KINDS, Kind
from mainspring.data.building import Options, Report
from mainspring.data.building import build as build_dataset
from mainspring.data.cleaning import Policy
from mainspring.data.team import Wishes
from mainspring.data.writing import FormatName
from mainspring.models import open_model

_USUAL: Final = Options(teacher="")
_WISHES: Final = Wishes()
DEFAULT_MODEL: Final = "local:qwen2.5-coder-1.5b"
STOPPING: Final = "stopping: calls under way have 10 s; Ctrl-C again ends at once"
STOPPED: Final = "stopped; the same command goes on from here"


def build(  # noqa: PLR0913 - each option is an argument of the command
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A document, or a folder of documents.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the dataset is written.")],
    teacher: Annotated[
        str, typer.Option("--teacher", metavar="MODEL", help="Extracts concepts, asks and answers.")
    ] = DEFAULT_MODEL,
    judge: Annotated[
        str | None,
        typer.Option(
            "--judge",
            metavar="MODEL",
            show_default=False,
            help="Judges answers; the teacher if not given, or none.",
        ),
    ] = None,
    budget_usd: BudgetUsd = None,
    budget_calls: BudgetCalls = None,
    budget_input_tokens: BudgetInputTokens = None,
    budget_output_tokens: BudgetOutputTokens = None,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help=f"Kinds of questions, of {', '.join(KINDS)}; repeatable."),
    ] = None,
    questions: Annotated[
        float, typer.Option(min=0.1, metavar="N", help="Questions for 1,000 tokens of text.")
    ] = _WISHES.questions_per_1000_tokens,
    passage_tokens: Annotated[
        int, typer.Option(min=40, metavar="N", help="Tokens that a passage has at most.")
    ] = _WISHES.passage_tokens,
    sample: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Passages of each document that are asked about; all if not given."),
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, max=10, metavar="N", help="Rounds in which is asked for what is not covered yet.")
    ] = _WISHES.rounds,
    repairs: Annotated[
        int, typer.Option(min=0, max=5, metavar="N", help="How often an answer goes back to its writer.")
    ] = _WISHES.repairs,
    controls: Annotated[
        int, typer.Option(min=0, metavar="N", help="Known pairs that the judge is measured with first.")
    ] = _USUAL.n_controls,
    prompts: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Prompt files instead of the shipped ones; repeatable."),
    ] = None,
    prompt: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME@VERSION", help="A version instead of the newest; repeatable."),
    ] = None,
    evaluation: Annotated[
        list[Path] | None,
        typer.Option("--eval", metavar="FILE", help="Questions that no example may give away; repeatable."),
    ] = None,
    pii: Annotated[
        str, typer.Option(metavar="POLICY", help=f"With personal data: {', '.join(get_args(Policy))}.")
    ] = _USUAL.pii,
    embedder: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", show_default=False, help="Finds questions that mean the same: minilm, or a model."
        ),
    ] = None,
    validation: Annotated[
        float, typer.Option(min=0.0, max=0.5, metavar="SHARE", help="Of the examples, by whole documents.")
    ] = _USUAL.validation,
    seed: Annotated[int, typer.Option(metavar="N", help="Another one gives another split.")] = 0,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", show_default=False, help=f"{', '.join(get_args(FormatName))}."),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="N", help="Calls of a model at once, at most.")
    ] = _USUAL.most_calls,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Make training data of documents: ask, answer, check, judge, clean, write.

    The work is kept as it is done: after Ctrl-C, a crash or a spent budget the same command goes on, and pays for
    nothing twice. Where nothing has changed it costs nothing.
    """
    with results() as out_screen:
        notes = Screen(stderr=True)
        opened = cache(open_model)
        options = Options(
            teacher=teacher,
            judge=teacher if judge is None else "" if judge == "none" else judge,
            prompt_folders=tuple(prompts or ()),
            prompt_versions=tuple(prompt or ()),
            wishes=Wishes(
                kinds=_kinds(kinds),
                questions_per_1000_tokens=questions,
                passage_tokens=passage_tokens,
                sample=sample,
                rounds=rounds,
                repairs=repairs,
            ),
            budget=budget_of(
                usd=budget_usd,
                model_calls=budget_calls,
                input_tokens=budget_input_tokens,
                output_tokens=budget_output_tokens,
            )
            or Budget(),
            n_controls=controls,
            evaluation_sets=tuple(evaluation or ()),
            pii=_one_of(pii, get_args(Policy), "--pii"),  # type: ignore[arg-type]  # it is one of them
            embedder=embedder or "",
            validation=validation,
            seed=seed,
            format=form,
            most_calls=concurrency,
            store=store or "",
            open_model=opened,
        )
        for name in dict.fromkeys(name for name in (options.teacher, options.judge) if name):
            make_ready(opened(name), notes)
        report = run_in_new_loop(_build(source, out, options, notes))
        if isinstance(report, int):
            raise typer.Exit(report)
        if as_json:
            out_screen.console.file.write(report.model_dump_json() + "\n")
        else:
            show_report(out_screen, report, str(out))
        if report.stopped:
            _raise(report)


async def _build(source: Path, out: Path, options: Options, notes: Screen) -> Report | int:
    """Build; the exit code where a signal came first."""
    with stopping(lambda: notes.line(STOPPING, style="dim")) as stop:
        try:
            with BuildView(notes) as view:
                return await build_dataset(source, out, options, view.show)
        except asyncio.CancelledError:
            if stop.by is None:
                raise
            notes.line(STOPPED, style="dim")
            return stop.exit_code


def _kinds(given: list[str] | None) -> tuple[Kind, ...]:
    for kind in given or ():
        _one_of(kind, KINDS, "--kind")
    return tuple(kind for kind in KINDS if not given or kind in given)


def _one_of(given: str, known: tuple[str, ...], option: str) -> str:
    if given not in known:
        raise ConfigError(f"{option} {given!r} is none of {', '.join(known)}")
    return given


def _raise(report: Report) -> None:
    """Say that a build is not complete, with the exit code of the reason.

    Raises:
        BudgetError: The budget is spent.
        ModelError: A model cannot be asked any more, or something else went wrong.
    """
    name, _, says = report.stopped.partition(": ")
    are = "is" if report.n_unfinished == 1 else "are"
    done = f"{report.n_unfinished:,} of {count(report.n_documents, 'document')} {are} not done"
    words = f"{done}: {says or name}"
    raise BudgetError(words) if name == BudgetError.__name__ else ModelError(words)
