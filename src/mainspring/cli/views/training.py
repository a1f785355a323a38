"""How training goes, what it is going to take, and what came of it."""

import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import Final

from rich.table import Table
from rich.text import Text

from mainspring.cli.views.moving import MovingLine
from mainspring.cli.views.screen import Screen, harmless
from mainspring.cli.views.tally import count
from mainspring.cli.views.times import age_text, seconds_text
from mainspring.train.folder import RunFolder
from mainspring.train.metrics import Ended, Evaluation, Line, Started, Step
from mainspring.train.planning import TrainingPlan
from mainspring.train.reporting import Figures

_REMARK_S: Final = 10.0
"""Between two remarks on how far a download is."""
_STEPS_LOOKED_AT: Final = 20
_SEPARATOR: Final = " · "
_MIB: Final = 1024**2


class TrainingView(MovingLine):
    """Shows how training goes on stderr.

    Args:
        notes: Where.
        monotonic: Tells how much time has passed, in seconds.
    """

    def __init__(self, notes: Screen, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(notes, monotonic)
        self._remarked: dict[str, float] = {}
        self._steps = 0
        self._step: Step | None = None
        self._held_out: float | None = None
        self._recent_s: deque[float] = deque(maxlen=_STEPS_LOOKED_AT)

    def remark(self, words: str) -> None:
        """Say something beside the figures; what says how far it is only now and then."""
        about, now_s = words.partition(":")[0], self.passed_s
        if words.endswith(" MB") and now_s - self._remarked.get(about, float("-inf")) < _REMARK_S:
            return
        self._remarked[about] = now_s
        self.notes.line(words, style="dim")

    def take(self, line: Line) -> None:
        """Look at what happened."""
        match line:
            case Started():
                self._steps = line.steps
                self.notes.line(started_words(line), style="dim")
            case Step():
                self._step = line
                self._recent_s.append(line.seconds)
                self._show()
            case Evaluation():
                self._held_out = line.loss
                self._show(is_due=True)
            case Ended(early=True):
                self.notes.line("the held-out loss does not fall any more; the best weights count", style="dim")
            case _:
                pass

    def _show(self, *, is_due: bool = False) -> None:
        if self._step is not None and (is_due or self.is_time()):
            self.tell(self._words(self._step), self._step.step, self._steps)

    def _words(self, step: Step) -> str:
        parts = [f"step {step.step:,} of {self._steps:,}", f"loss {step.loss:.4f}"]
        if self._held_out is not None:
            parts.append(f"held out {self._held_out:.4f}")
        if step.seconds:
            parts.append(f"{step.tokens / step.seconds:,.0f} tokens/s")
        if left := self._steps - step.step:
            parts.append(f"about {age_text(left * median(self._recent_s))} left")
        return _SEPARATOR.join(parts)


def started_words(line: Started) -> str:
    """Say what the engine begins with."""
    saved = line.unpacked_tokens / max(1, line.tokens)
    shared = f" (packing does {saved:.1f} in one)" if saved > 1.05 else ""
    goes_on = f"goes on from step {line.step:,}: " if line.step else ""
    parts = (
        f"{count(line.rows, 'row')}, {line.tokens:,} tokens an epoch{shared}, {line.learnt_tokens:,} learnt",
        f"{line.trained_parameters:,} of {line.parameters:,} parameters",
        f"{line.processes} x {line.device}, {line.precision}",
    )
    return goes_on + "; ".join(parts)


def draw_training_plan(out: Screen, plan: TrainingPlan) -> None:
    """Draw what a job is going to take."""
    out.say(
        "base", f"{plan.base}, {plan.parameters:,} parameters, {plan.trained_parameters:,} trained ({plan.method})"
    )
    left_out = f", {plan.too_long:,} too long" if plan.too_long else ""
    guessed = "" if plan.is_counted else ", guessed from characters"
    out.say("rows", f"{plan.rows:,}{left_out}; {plan.packed_rows:,} packed rows of {plan.tokens:,} tokens{guessed}")
    out.say("learnt", f"{plan.learnt_tokens:,} tokens an epoch; one by one it were {plan.unpacked_tokens:,} in all")
    cost = "" if plan.cost_usd is None else f", ${plan.cost_usd:.2f}"
    out.say("time", f"{plan.steps:,} steps, about {seconds_text(plan.seconds)} on this machine{cost}")
    verdict = "fits" if plan.fits else "does not fit"
    out.say(
        "memory",
        f"{plan.process_mb:,.0f} MB a process, {plan.all_mb:,.0f} of {plan.machine_mb:,.0f} MB here: {verdict}",
    )
    out.line()
    out.console.print(_memory_table(plan))
    for change in plan.advice:
        out.line(f"smaller: {change}")
    if plan.gpus:
        out.line()
        out.console.print(_gpu_table(plan))


def draw_figures(out: Screen, figures: Figures, folder: RunFolder) -> None:
    """Draw how far a run is and what it took."""
    state = "done" if figures.is_done else "not done"
    early = ", ended early" if figures.ended_early else ""
    out.say("steps", f"{figures.step:,} of {figures.steps:,}, {figures.epoch:.2f} epochs: {state}{early}")
    if figures.loss is not None:
        out.say("loss", f"{figures.first_loss:.4f} at first, {figures.loss:.4f} at last")
    if figures.best_held_out is not None:
        best = f"best {figures.best_held_out:.4f} at step {figures.best_step}"
        out.say("held out", f"{figures.first_held_out:.4f} at first, {figures.held_out:.4f} at last, {best}")
    if figures.tokens_per_s is not None:
        mfu = "" if figures.mfu is None else f", {figures.mfu:.1%} MFU"
        out.say("speed", f"{figures.tokens_per_s:,.0f} tokens/s{mfu}, {seconds_text(figures.seconds)} in steps")
    if figures.peak_memory_mb is not None:
        planned = "" if figures.planned_memory_mb is None else f", planned {figures.planned_memory_mb:,.0f}"
        out.say("memory", f"{figures.peak_memory_mb:,.0f} MB a process{planned}")
    if figures.rows_left_out:
        out.say("left out", f"{count(figures.rows_left_out, 'row')}; rows/left_out.jsonl says why")
    out.say("model", str(folder.model) if figures.is_done else "none yet")
    out.say("report", str(folder.report))


def _memory_table(plan: TrainingPlan) -> Table:
    table = _table("memory of a process", "MB", "")
    for term in plan.memory:
        table.add_row(term.name, f"{term.mb:,.0f}", term.why)
    return table


def _gpu_table(plan: TrainingPlan) -> Table:
    table = _table("GPUs", "needed", "each GiB", "of", "about")
    for fit in plan.gpus:
        needed = f"{fit.n_gpus}" if fit.fits else f">{fit.n_gpus}"
        about = "" if fit.seconds is None or not fit.fits else seconds_text(fit.seconds)
        table.add_row(harmless(fit.name), needed, f"{fit.gib:,.1f}", f"{fit.usable_gib:,.1f}", about)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(Text(first))
    for name in others:
        table.add_column(name, justify="right" if name else "left", style="" if name else "dim")
    return table
