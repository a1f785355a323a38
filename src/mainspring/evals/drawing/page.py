"""A comparison as a page for people: one HTML file that needs nothing else and runs no scripts.

What is shown is made of the comparison; how it looks is said in `page.html.jinja` and `page.css`. What models said
is escaped, and its control characters are made visible.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from mainspring.evals.bootstrap import Interval
from mainspring.evals.comparing import Comparison, Side
from mainspring.evals.drawing.chart import HEIGHT, WIDTH, charts
from mainspring.evals.outcome import Outcome
from mainspring.pages import html_template

_SHOWN: Final = 50
"""Cases that a list shows."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A case that a model gained or lost, with what it and the reference said."""

    case: str
    reference: str
    said: str
    why: str
    """Of whichever of the two is wrong."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The cases that a model gained or lost."""

    title: str
    n: int
    shown: tuple[Turned, ...]


def page(found: Comparison) -> str:
    """Write a comparison as an HTML page."""
    return html_template(Path(__file__).parent, "page.html.jinja").render(
        found=found,
        charts=charts(found),
        width=WIDTH,
        height=HEIGHT,
        tags=sorted({tag for side in found.sides for tag in side.tags}),
        turns=[turns for side in found.sides for turns in _turns(side, found.reference)],
        percent=_percent,
        points=_points,
        span=_span,
    )


def _turns(side: Side, reference: Side) -> Iterator[Turns]:
    if side.difference is None:
        return
    mine = {one.case: one for one in side.held.outcomes}
    theirs = {one.case: one for one in reference.held.outcomes}
    for word, cases in (("gained", side.difference.gained), ("lost", side.difference.lost)):
        shown = [_turned(theirs[case], mine[case]) for case in cases[:_SHOWN]]
        if shown:
            yield Turns(f"{side.name}: {word} against {reference.name}", len(cases), tuple(shown))


def _turned(reference: Outcome, mine: Outcome) -> Turned:
    wrong = mine if mine.score < 1 else reference
    return Turned(mine.case, _said(reference), _said(mine), wrong.error or wrong.why)


def _said(one: Outcome) -> str:
    if one.error:
        return "(no answer)"
    return one.said if isinstance(one.said, str) else to_json(one.said).decode()


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


def _span(interval: Interval) -> str:
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def _points(interval: Interval) -> str:
    return f"{100 * interval.estimate:+.1f} ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})"
