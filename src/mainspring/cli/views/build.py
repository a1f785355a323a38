"""How a build of a dataset goes, and what came of it."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from mainspring.cli.views.screen import Screen, harmless
from mainspring.cli.views.tally import dollars
from mainspring.data.building import Report, State
from mainspring.data.building.report import Spent

_EVERY_S: Final = 10.0
"""Between two lines where nobody looks at a terminal."""
_REDRAW_S: Final = 0.1
_HOUR_S: Final = 3600


class BuildView:
    """Shows the state of a build on stderr: moving on a terminal, now and then a line elsewhere.

    Args:
        notes: Where.
        monotonic: Tells how much time has passed, in seconds.
    """

    def __init__(self, notes: Screen, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._notes = notes
        self._monotonic = monotonic
        self._began_s = monotonic()
        self._told_s = float("-inf")
        self._stage = ""
        self._bar: Progress | None = None

    def __enter__(self) -> "BuildView":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def show(self, state: State) -> None:
        """Look at the state, if it is time to."""
        now_s = self._monotonic()
        is_new = state.stage != self._stage
        if not is_new and now_s - self._told_s < (_REDRAW_S if self._notes.is_lively else _EVERY_S):
            return
        self._told_s, self._stage = now_s, state.stage
        words = progress_words(state, now_s - self._began_s)
        if self._notes.is_lively:
            bar = self._moving()
            bar.update(bar.task_ids[0], total=state.n_passages or None, completed=state.n_asked, words=words)
        elif state.stage != "done":
            self._notes.line(words, style="dim")

    def _moving(self) -> Progress:
        if self._bar is None:
            columns = (SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.fields[words]}"))
            self._bar = Progress(*columns, console=self._notes.console, transient=True)
            self._bar.add_task("", total=None, words="")
            self._bar.start()
        return self._bar


def progress_words(state: State, passed_s: float) -> str:
    """Say in one line how far a build has come."""
    parts: list[str] = [state.stage]
    if state.n_files:
        skipped = f", {state.n_skipped} skipped" if state.n_skipped else ""
        parts.append(f"{state.n_documents} documents{skipped}")
    if state.n_asked:
        parts.append(f"{state.n_asked} of {state.n_passages} passages")
        parts.append(f"{state.n_accepted} of {state.n_candidates} examples accepted")
    if state.usage.model_calls:
        parts.append(f"{state.usage.model_calls:,} calls, {_cost(Spent.of(state.usage))}")
    if left_s := seconds_left(state, passed_s):
        parts.append(f"about {span(left_s)} left")
    return " · ".join(parts)


def seconds_left(state: State, passed_s: float) -> float | None:
    """Guess the seconds until all passages are asked about; None where nothing tells.

    Passages that an earlier process had asked about took no time, and say nothing about the others.
    """
    n_new = state.n_asked - state.n_known
    n_left = state.n_passages - state.n_asked
    if state.stage not in {"reading", "working"} or n_new < 1 or not n_left:
        return None
    return passed_s * n_left / n_new


def span(seconds: float) -> str:
    """Say how long something takes."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < _HOUR_S:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / _HOUR_S:.1f} h"


def show_report(out: Screen, report: Report, folder: str) -> None:
    """Show what came of a build."""
    accepted, made = report.acceptance.accepted, report.acceptance.candidates
    out.say("examples", f"{accepted} accepted of {made} ({_share(accepted, made)}), in {folder}")
    out.say("passages", f"{report.n_worth_asking} of {report.n_passages} asked about, {report.covered:.0%} covered")
    skipped = f", {report.n_skipped} files skipped (skipped.jsonl says why)" if report.n_skipped else ""
    out.say("read", f"{report.n_documents} documents{skipped}")
    if report.judge is not None:
        judge = report.judge
        counts = "its verdicts count" if judge.counts else "its verdicts do not count"
        rates = f"lets {_rate(judge.false_accept_rate)} of {judge.n_bad} bad ones pass"
        rates += f", refuses {_rate(judge.false_reject_rate)} of {judge.n_good} good ones"
        out.say("judge", f"{judge.model} {rates}: {counts}")
    out.say("usage", f"{_calls(report.usage)}; by this command {_calls(report.now)}")
    if report.kinds:
        out.line()
        out.console.print(_kinds(report))
    if report.refusals:
        out.line()
        out.console.print(_refusals(report))


def compared(reports: Mapping[str, Report]) -> Table:
    """Set the reports of several ways side by side."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for name in reports:
        table.add_column(Text(harmless(name)), justify="right")
    refused = dict.fromkeys(check for report in reports.values() for check in report.refusals)
    rows: dict[str, Callable[[Report], str]] = {
        "examples made": lambda report: str(report.acceptance.candidates),
        "accepted": lambda report: str(report.acceptance.accepted),
        "share accepted": lambda report: _share(report.acceptance.accepted, report.acceptance.candidates),
        "passages covered": lambda report: f"{report.covered:.0%}",
        "words of a question": lambda report: f"{report.words.get('question', 0):g}",
        "words of an answer": lambda report: f"{report.words.get('answer', 0):g}",
        "model calls": lambda report: f"{report.usage.model_calls:,}",
        "tokens in": lambda report: f"{report.usage.input_tokens:,}",
        "tokens out": lambda report: f"{report.usage.output_tokens:,}",
        "cost": lambda report: _cost(report.usage),
        **{f"refused by {check}": partial(_refused_by, check) for check in refused},
    }
    for name, shown in rows.items():
        table.add_row(name, *(shown(report) for report in reports.values()))
    return table


def _refused_by(check: str, report: Report) -> str:
    return str(report.refusals.get(check, 0))


def _kinds(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("kind", "accepted", "made"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    for kind, acceptance in report.kinds.items():
        table.add_row(kind, str(acceptance.accepted), str(acceptance.candidates))
    return table


def _refusals(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("refused by")
    table.add_column("examples", justify="right")
    for check, n in report.refusals.items():
        table.add_row(Text(harmless(check)), str(n))
    return table


def _calls(spent: Spent) -> str:
    tokens = f"{spent.input_tokens:,} tokens in, {spent.output_tokens:,} out"
    return f"{spent.model_calls:,} calls, {tokens}, {_cost(spent)}"


def _cost(spent: Spent) -> str:
    return "cost unknown" if spent.cost_usd is None else dollars(spent.cost_usd)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _rate(rate: float | None) -> str:
    return "an unknown share" if rate is None else f"{rate:.0%}"
