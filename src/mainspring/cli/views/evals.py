"""How models do on suites: while they are held to one, what came of it, and two or more side by side.

What it keeps true: nothing is said by colour alone; what models said is harmless for terminals, and cut.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from pydantic_core import to_json
from rich.text import Text

from mainspring.cli.views.moving import MovingLine
from mainspring.cli.views.screen import Screen, harmless, shorten
from mainspring.cli.views.tally import count, dollars
from mainspring.cli.views.times import age_text, seconds_text
from mainspring.evals import Change, Comparison, Held, Interval, Kept, Outcome, Side
from mainspring.evals.comparing import Effort, Score, effort_of, score_of
from mainspring.evals.reading import Files

_SAID_CHARS: Final = 120
_WRONG: Final = 5
"""Wrong cases that are shown at the end of a run."""
_KINDS: Final = {
    "gained": ("gained", "green"),
    "lost": ("lost", "red"),
    "better": ("better in part", "green"),
    "worse": ("worse in part", "red"),
    "said": ("the same score, other words", "dim"),
}


class HoldView(MovingLine):
    """Shows how far a suite is, on stderr.

    Args:
        notes: Where.
        model: Who is asked.
        n_cases: How many cases there are.
        monotonic: Tells how much time has passed, in seconds.
    """

    def __init__(
        self, notes: Screen, model: str, n_cases: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(notes, monotonic)
        self._model = model
        self._n_cases = n_cases
        self._outcomes: list[Outcome] = []

    def show(self, outcome: Outcome) -> None:
        """Take an outcome in, and say how far it is if it is time to."""
        self._outcomes.append(outcome)
        if self.is_time():
            self.tell(self._words(self.passed_s), len(self._outcomes), self._n_cases)

    def _words(self, passed_s: float) -> str:
        n = len(self._outcomes)
        mean = sum(one.score for one in self._outcomes) / n
        left = f" · about {age_text(passed_s / n * (self._n_cases - n))} left" if n < self._n_cases else ""
        return f"{self._model}: {n:,} of {count(self._n_cases, 'case')} · {mean:.0%} right{left}"


def draw_kept(out: Screen, kept: Kept, n_wrong: int | None = _WRONG) -> None:
    """Draw what a model made of a suite.

    Args:
        out: Where.
        kept: The results.
        n_wrong: How many wrong cases are shown; None shows all.
    """
    held = kept.held
    under = f" under {held.prompt}" if held.prompt else ""
    out.line(Text.assemble((held.model, "bold"), f" on {held.suite}{under}", (f"  {kept.path}", "dim")))
    if len(held.outcomes) < kept.header.n_cases:
        out.line(f"  {len(held.outcomes):,} of {count(kept.header.n_cases, 'case')}: cut off", style="yellow")
    if not held.outcomes:
        return
    score = score_of(held.outcomes)
    out.say("score", f"{_score(score)}, {score.n_right:,} of {score.n:,} wholly right")
    out.say("effort", _effort(effort_of(held.outcomes)))
    tags = sorted({tag for one in held.outcomes for tag in one.tags})
    for place, tag in enumerate(tags):
        of = score_of([one for one in held.outcomes if tag in one.tags])
        out.say("" if place else "tags", f"{tag}  {_score(of)} of {of.n:,}")
    wrong = [one for one in held.outcomes if one.score < 1]
    shown = wrong if n_wrong is None else wrong[:n_wrong]
    for one in shown:
        _draw_wrong(out, one)
    if len(wrong) > len(shown):
        out.line(f"  {len(wrong) - len(shown):,} more: mainspring eval show {kept.path}", style="dim")


def draw_comparison(out: Screen, found: Comparison) -> None:
    """Draw models side by side: a line each, then the tags, then what they gained and lost."""
    titles = ("model", "score", "95 %", "difference", "s/decision", "p95", "tokens", "cost/decision")
    for line in _table(titles, [_row(side) for side in found.sides]):
        out.line(line)
    tags = sorted({tag for side in found.sides for tag in side.tags})
    if tags:
        out.line()
        rows = [[tag, *(_tag(side, tag) for side in found.sides)] for tag in tags]
        for line in _table(("tag", *(side.name for side in found.sides)), rows):
            out.line(line)
    out.line()
    reference = found.reference.name
    for side in found.sides:
        if side.difference is not None:
            gained, lost = len(side.difference.gained), len(side.difference.lost)
            out.line(f"{side.name}: {gained:,} gained and {lost:,} lost against {reference}{_verdict(side)}")
        if side.n_errors:
            out.line(f"{side.name}: {count(side.n_errors, 'case')} without an answer", style="yellow")
        if side.judge_note:
            out.line(f"{side.name}: {side.judge_note}", style="dim")


def draw_changes(out: Screen, one: Held, other: Held, found: Sequence[Change]) -> None:
    """Draw which cases changed, with what each of the two said."""
    out.line(Text.assemble(("- ", "red"), (one.model, "bold"), f" {one.prompt} {one.at}"))
    out.line(Text.assemble(("+ ", "green"), (other.model, "bold"), f" {other.prompt} {other.at}"))
    if not found:
        out.line("the same in all cases")
    order = list(_KINDS)
    for kind, group in groupby(sorted(found, key=lambda change: order.index(change.kind)), lambda one: one.kind):
        changed = list(group)
        title, style = _KINDS[kind]
        out.line()
        out.line(Text.assemble((title, style), f"  {count(len(changed), 'case')}"))
        for change in changed:
            out.line(Text(f"  {harmless(change.case)}", "bold"))
            out.line(Text.assemble(("  - ", "red"), _said(change.one), (f"  {harmless(change.one.why)}", "dim")))
            out.line(
                Text.assemble(("  + ", "green"), _said(change.other), (f"  {harmless(change.other.why)}", "dim"))
            )


def draw_list(out: Screen, known: Sequence[Kept]) -> None:
    """Draw a line for each file of results."""
    if not known:
        out.line("no results; mainspring eval run makes some")
        return
    rows = []
    for kept in known:
        held, n = kept.held, kept.header.n_cases
        state = f"{len(held.outcomes):,} of {n:,}" if len(held.outcomes) < n else f"{n:,}"
        rows.append([f"{kept.path.parent.name}/{kept.path.stem}", f"{held.score:.1%}", state, held.at])
    for line in _table(("result", "score", "cases", "at"), rows):
        out.line(line)


def draw_check(out: Screen, files: Files) -> None:
    """Draw what a suite has, and what is wrong in it."""
    scorers = [type(case.expected).__name__.lower() for case in files.cases]
    kinds = ", ".join(f"{scorers.count(kind):,} {kind}" for kind in dict.fromkeys(scorers))
    out.line(Text.assemble((files.name, "bold"), f"  {count(len(scorers), 'case')}{f': {kinds}' if kinds else ''}"))
    for problem in files.problems:
        out.line(Text.assemble(("✗ ", "red"), harmless(problem)))
    out.line("sound: nothing is wrong" if not files.problems else count(len(files.problems), "problem"))


def _row(side: Side) -> list[str]:
    effort = side.effort
    difference = "reference" if side.difference is None else _signed(side.difference.interval)
    times = "" if side.seconds_ratio is None else f" (×{side.seconds_ratio:.3g})"
    dear = "" if side.cost_ratio is None else f" (×{side.cost_ratio:.3g})"
    return [
        side.name,
        f"{side.score.interval.estimate:.1%}",
        _span(side.score.interval),
        difference,
        f"{seconds_text(effort.seconds)}{times}",
        seconds_text(effort.seconds_p95),
        f"{effort.input_tokens:,.0f} in, {effort.output_tokens:,.0f} out",
        ("unknown" if effort.cost_usd is None else dollars(effort.cost_usd)) + dear,
    ]


def _tag(side: Side, tag: str) -> str:
    score = side.tags.get(tag)
    return "" if score is None else f"{_score(score)} of {score.n:,}"


def _score(score: Score) -> str:
    return f"{score.interval.estimate:.1%} ({_span(score.interval)})"


def _span(interval: Interval) -> str:
    return f"{interval.low:.1%} to {interval.high:.1%}"


def _signed(interval: Interval) -> str:
    points = [f"{100 * value:+.1f}" for value in (interval.estimate, interval.low, interval.high)]
    return f"{points[0]} ({points[1]} to {points[2]})"


def _verdict(side: Side) -> str:
    assert side.difference is not None  # noqa: S101 - whoever has none is the reference
    interval = side.difference.interval
    if interval.low > 0:
        return ": better"
    return ": worse" if interval.high < 0 else ": no difference that these cases can tell"


def _effort(effort: Effort) -> str:
    cached = f" ({effort.cached_tokens:,.0f} cached)" if effort.cached_tokens else ""
    cost = "cost unknown" if effort.cost_usd is None else dollars(effort.cost_usd)
    return (
        f"{seconds_text(effort.seconds)} a decision, 95 % within {seconds_text(effort.seconds_p95)} · "
        f"{effort.input_tokens:,.0f} tokens in{cached}, {effort.output_tokens:,.0f} out · {cost}"
    )


def _draw_wrong(out: Screen, one: Outcome) -> None:
    out.line(Text.assemble(("✗ ", "red"), (harmless(one.case), "bold"), (f"  {one.score:.0%}", "dim")))
    out.line(f"    {one.error or one.why}", style="yellow" if one.error else "")
    if not one.error:
        out.line(Text.assemble(("    said  ", "dim"), _said(one)))


def _said(one: Outcome) -> str:
    words = one.said if isinstance(one.said, str) else to_json(one.said).decode()
    shown, n_left_out = shorten(harmless(one.error or " ".join(words.split())), 1, _SAID_CHARS)
    return f"{shown}…" if n_left_out else shown


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Text]:
    """Draw columns: the first aligned at the left, the others at the right."""
    widths = [max(len(row[place]) for row in (titles, *rows)) for place in range(len(titles))]
    for row, style in ((titles, "dim"), *((row, "") for row in rows)):
        cells = [
            f"{cell:<{width}}" if place == 0 else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield Text(harmless("  ".join(cells)), style)
