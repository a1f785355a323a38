"""`mainspring fly`: the whole loop, from runs of a large model to a small one that serves first."""

from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic_core import to_json

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.load import load_agent
from mainspring.cli.pools.deciding import share_given
from mainspring.cli.prepare import make_ready
from mainspring.cli.training.options import job_of
from mainspring.cli.views.fly import FlightView, draw_landing
from mainspring.cli.views.screen import Screen, results
from mainspring.core.errors import ConfigError
from mainspring.fly import Flight, figures_of, write_report
from mainspring.fly import fly as fly_once
from mainspring.models import open_model
from mainspring.promotion import GateRule

_RULE: Final = GateRule()


def fly(  # noqa: PLR0913 - each option is an argument of the command
    *,
    agent: Annotated[str, typer.Option("--agent", metavar="AGENT", help="Whose decisions are learnt.")],
    student: Annotated[str, typer.Option("--student", metavar="BASE", help="A model of the catalog, or a GGUF.")],
    suite: Annotated[Path, typer.Option("--suite", metavar="SUITE", help="Cases to hold models to.")],
    out_folder: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where everything is kept.")],
    teacher: Annotated[
        str | None, typer.Option("--teacher", metavar="MODEL", help="The agent's own if not given.")
    ] = None,
    requests: Annotated[
        Path | None,
        typer.Option("--requests", metavar="FILE", help="What the teacher is asked; else runs of --store count."),
    ] = None,
    store: Annotated[
        str, typer.Option("--store", metavar="STORE", help="Where runs are kept.  [FOLDER/runs.db]")
    ] = "",
    general: Annotated[
        Path | None, typer.Option("--general", metavar="SUITE", help="Cases of other things, against forgetting.")
    ] = None,
    rehearsal: Annotated[
        Path | None,
        typer.Option("--rehearsal", metavar="FILE", help="Questions of other things; the base's answers are kept."),
    ] = None,
    where: Annotated[
        str, typer.Option("--where", metavar="FILTER", help="Which runs are learnt from.")
    ] = "finished and not corrected",
    job: Annotated[Path | None, typer.Option("--job", metavar="FILE", help="A training job in TOML.")] = None,
    processes: Annotated[int | None, typer.Option("--nproc", metavar="N", help="Processes that train.")] = None,
    epochs: Annotated[float | None, typer.Option("--epochs", metavar="N", help="How often rows are seen.")] = None,
    pool: Annotated[
        str, typer.Option("--pool", metavar="NAME", help="Promote it there, if it passes; else nowhere.")
    ] = "",
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="The pool's mainspring.toml.  [in FOLDER]")
    ] = None,
    canary: Annotated[str, typer.Option("--canary", metavar="SHARE", help="Share of the pool's calls.")] = "100%",
    margin: Annotated[
        float, typer.Option("--margin", metavar="M", help="How much worse counts as not worse.")
    ] = _RULE.margin,
    lost: Annotated[
        float, typer.Option("--lost", metavar="SHARE", help="What may be lost of other things.")
    ] = _RULE.lost_share,
    as_json: AsJson = False,
) -> None:
    """Teach a small model what an agent's large one decides, and let it serve first if it passes.

    Runs of the teacher become a dataset; the student is trained on it and written as a GGUF. Teacher, base and the
    tuned model are held to the same cases, and the gate says whether the tuned one may join the pool. The same
    command goes on where it was cut off. A gate that stays shut is an outcome, too: the pool is as it was.
    """
    for file in (suite, requests, general, rehearsal, job):
        if file is not None and not file.exists():
            raise ConfigError(f"there is no {str(file)!r}")
    given: dict[str, object] = {"processes": processes, "epochs": epochs, "data": out_folder, "base": student}
    with results() as out:
        notes = Screen(stderr=True)
        flight = Flight(
            agent=load_agent(agent, model=teacher),
            student=student,
            out=out_folder,
            suite=suite,
            requests=requests,
            store=store,
            general=general,
            rehearsal=rehearsal,
            where=where,
            job=job_of(job, {"learn": "calls", **given, "out": out_folder}, needs_out=False),
            rule=GateRule(margin=margin, lost_share=lost),
            pool=pool,
            settings=settings,
            share=share_given(canary),
        )
        for model in (flight.agent.model, open_model(f"local:{student}")):
            make_ready(model, notes)
        with FlightView(notes) as view:
            landing = run_in_new_loop(fly_once(flight, view.take))
        figures = figures_of(landing, flight.models(landing))
        page = write_report(flight, landing, figures)
        if as_json:
            document = {**figures.document, "verdict": landing.verdict, "seconds_of": landing.seconds}
            out.console.file.write(to_json(document, indent=2).decode() + "\n")
        else:
            draw_landing(out, landing, figures, page)
