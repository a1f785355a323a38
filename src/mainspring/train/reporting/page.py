"""A training run as one HTML file that needs nothing else and runs no scripts.

What is shown is read from the run's folder; how it looks is said in `report.html.jinja` and `report.css`.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from mainspring.core.disk import write_whole
from mainspring.pages import Fact, html_template
from mainspring.train.folder import Base, RunFolder
from mainspring.train.job import Job
from mainspring.train.metrics import Evaluation, Started, Step, read_metrics
from mainspring.train.planning import TrainingPlan
from mainspring.train.reporting.curves import HEIGHT, WIDTH, Chart, Series, chart, number
from mainspring.train.reporting.figures import Figures, left_out, read_figures
from mainspring.train.trackers import settings

_MOST_LEFT_OUT = 20


def write_report(folder: RunFolder, plan: TrainingPlan | None = None) -> bool:
    """Write `report.html`, and say whether there was anything to write of.

    Args:
        folder: Of the run.
        plan: What was planned, to be set against what was measured.
    """
    lines = [*read_metrics(folder.metrics)]
    started = next((line for line in lines if isinstance(line, Started)), None)
    if started is None:
        return False
    job = Job.model_validate_json(folder.job.read_bytes())
    base = Base.model_validate_json(folder.base.read_bytes())
    figures = read_figures(folder, plan)
    missing = left_out(folder)
    page = html_template(Path(__file__).parent, "report.html.jinja").render(
        name=folder.path.name,
        status="finished" if figures.is_done else "not over",
        began=datetime.fromtimestamp(started.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        facts=[*_facts(figures)],
        charts=_charts([line for line in lines if isinstance(line, Step | Evaluation)]),
        width=WIDTH,
        height=HEIGHT,
        memory=[] if plan is None else plan.memory,
        figures=figures,
        lineage=_lineage(job, base),
        settings=settings(job),
        left_out=[json.loads(line) for line in missing[:_MOST_LEFT_OUT]],
        n_left_out=len(missing),
    )
    write_whole(folder.report, [page.encode()])
    return True


def _facts(figures: Figures) -> Iterator[Fact]:
    early = ", then the held-out loss rose" if figures.ended_early else ""
    yield Fact("Steps", f"{figures.step:,} of {figures.steps:,}", f"{figures.epoch:.2f} epochs{early}")
    if figures.loss is not None and figures.first_loss is not None:
        yield Fact("Loss", number(figures.loss), f"{number(figures.first_loss)} at first")
    if figures.best_held_out is not None and figures.first_held_out is not None:
        remark = f"at step {figures.best_step}; {number(figures.first_held_out)} at first"
        yield Fact("Best held-out loss", number(figures.best_held_out), remark)
    if figures.tokens_per_s is not None:
        saved = figures.unpacked_tokens / max(1, figures.packed_tokens)
        mfu = "" if figures.mfu is None else f", {figures.mfu:.1%} MFU"
        yield Fact("Tokens a second", number(figures.tokens_per_s), f"each stands for {saved:.2f} unpacked{mfu}")
    if figures.peak_memory_mb is not None:
        planned = "" if figures.planned_memory_mb is None else f"planned {figures.planned_memory_mb:,.0f} MB"
        yield Fact("Memory of a process", f"{figures.peak_memory_mb:,.0f} MB", planned)
    share = figures.trained_parameters / max(1, figures.parameters)
    yield Fact("Trained", f"{figures.trained_parameters:,}", f"{share:.2%} of {figures.parameters:,} parameters")
    yield Fact("Computed on", figures.device, f"{figures.processes} x {figures.precision}, {figures.parallel}")


def _charts(lines: list[Step | Evaluation]) -> list[Chart]:
    steps = [line for line in lines if isinstance(line, Step)]
    held_out = [line for line in lines if isinstance(line, Evaluation)]
    drawn = (
        chart(
            "Loss (nats a token)",
            Series("learnt", "brass", [(one.step, one.loss) for one in steps]),
            Series("held out", "steel", [(one.step, one.loss) for one in held_out]),
        ),
        chart(
            "Tokens a second",
            Series("packed tokens", "moss", [(one.step, one.tokens / one.seconds) for one in steps if one.seconds]),
        ),
        chart("Learning rate", Series("rate", "plum", [(one.step, one.learning_rate) for one in steps])),
        chart("Norm of the gradients", Series("norm", "steel", [(one.step, one.gradient_norm) for one in steps])),
    )
    return [one for one in drawn if one is not None]


def _lineage(job: Job, base: Base) -> list[Fact]:
    card = job.data / "README.md"
    return [
        Fact("Base", base.given, f"SHA-256 {base.sha256}"),
        Fact("Licence of the base", base.licence or "not known"),
        Fact("Dataset", str(job.data), "described by its README.md" if card.is_file() else ""),
        *([Fact("Against forgetting", str(job.rehearsal))] if job.rehearsal else []),
        Fact("Seed", str(job.seed)),
    ]
