"""How a build of a dataset goes, and what came of it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from rich.table import Table
from rich.text import Text

from mainspring.cli.views.moving import MovingLine
from mainspring.cli.views.screen import Screen, harmless, shorten
from mainspring.cli.views.tally import count, dollars
from mainspring.cli.views.times import age_text, seconds_text
from mainspring.data.building import Report, State
from mainspring.data.building.report import Acceptance, Judging, Spent

_FAILURE_CHARS: Final = 70
_SEPARATOR: Final = " · "


class BuildView(MovingLine):
    """Shows the state of a build on stderr."""

    _stage = ""

    def show(self, state: State) -> None:
        """Look at the state, if it is time to."""
        if state.stage == self._stage and not self.is_time():
            return
        self._stage = state.stage
        if state.stage != "done" or self.notes.is_lively:
            words = progress_words(state, self.passed_s, self.room)
            self.tell(words, state.n_asked, state.n_passages or None)


def progress_words(state: State, passed_s: float, room: int | None = None) -> str:
    """Say in one line how far a build has come; in so many columns, what matters most of it."""
    parts: list[str] = [state.stage]
    if state.n_asked:
        of = f"{state.n_asked:,} of " if state.n_passages else ""  # a worker does not know how many there are
        parts.append(of + count(state.n_passages or state.n_asked, "passage"))
    if left_s := seconds_left(state, passed_s):
        parts.append(f"about {age_text(left_s)} left")
    if state.usage.model_calls:
        parts.append(f"{count(state.usage.model_calls, 'call')}, {_cost(Spent.of(state.usage))}")
    if state.n_candidates:
        parts.append(f"{state.n_accepted:,} of {count(state.n_candidates, 'example')} accepted")
    if state.n_files:
        skipped = f", {state.n_skipped:,} skipped" if state.n_skipped else ""
        parts.append(f"{count(state.n_documents, 'document')}{skipped}")
    while room is not None and len(parts) > 1 and len(_SEPARATOR.join(parts)) > room:
        parts.pop()
    return _SEPARATOR.join(parts)


def seconds_left(state: State, passed_s: float) -> float | None:
    """Guess the seconds until all passages are asked about; None where nothing tells.

    Passages that an earlier process had asked about took no time, and say nothing about the others.
    """
    n_new = state.n_asked - state.n_known
    n_left = state.n_passages - state.n_asked
    if state.stage not in {"reading", "working"} or n_new < 1 or n_left < 1:
        return None
    return passed_s * n_left / n_new


def show_report(out: Screen, report: Report, folder: str) -> None:
    """Show what came of a build."""
    accepted, made = report.acceptance.accepted, report.acceptance.candidates
    out.say("examples", f"{accepted:,} of {made:,} accepted ({_share(accepted, made)}), in {folder}")
    out.say(
        "passages",
        f"{report.n_worth_asking:,} of {report.n_passages:,} asked about, {report.covered:.0%} covered",
    )
    skipped = f", {count(report.n_skipped, 'file')} skipped (skipped.jsonl says why)" if report.n_skipped else ""
    out.say("read", f"{count(report.n_documents, 'document')}{skipped}")
    if report.judge is not None:
        out.say("judge", _judge(report.judge))
    out.say("usage", _calls(report.usage))
    out.say("now", _SEPARATOR.join((_calls(report.now), seconds_text(report.seconds))))
    tables: dict[str, Mapping[str, Acceptance | int]] = {
        "kind": report.kinds,
        "refused by": report.refusals,
        "not managed": report.failures,
    }
    for name, rows in tables.items():
        if rows:
            out.line()
            out.console.print(_table(name, rows))


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


def _judge(judge: Judging) -> str:
    accepts = f"{_rate(judge.false_accept_rate)} of {count(judge.n_bad, 'bad example')} pass"
    rejects = f"{_rate(judge.false_reject_rate)} of {count(judge.n_good, 'good one')}"
    counts = "count" if judge.counts else "do not count"
    return f"{judge.model} lets {accepts}, refuses {rejects}: its verdicts {counts}"


def _table(name: str, rows: Mapping[str, Acceptance | int]) -> Table:
    """Set out how many examples there are of each kind, or how often something was the case."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(name)
    is_of_kinds = any(isinstance(n, Acceptance) for n in rows.values())
    for title in ("accepted", "made") if is_of_kinds else ("times",):
        table.add_column(title, justify="right")
    for row, n in rows.items():
        numbers = (n.accepted, n.candidates) if isinstance(n, Acceptance) else (n,)
        table.add_row(Text(shorten(harmless(row), 1, _FAILURE_CHARS)[0]), *(f"{number:,}" for number in numbers))
    return table


def _calls(spent: Spent) -> str:
    if not spent.model_calls:
        return "no calls"
    tokens = f"{spent.input_tokens:,} tokens in, {spent.output_tokens:,} out"
    return _SEPARATOR.join((count(spent.model_calls, "call"), tokens, _cost(spent)))


def _cost(spent: Spent) -> str:
    return "cost unknown" if spent.cost_usd is None else dollars(spent.cost_usd)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _rate(rate: float | None) -> str:
    return "an unknown share" if rate is None else f"{rate:.0%}"
