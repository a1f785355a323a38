"""A comparison as a page for people: one HTML file that needs nothing else and runs no scripts.

What is shown is made of the comparison; how it looks is said in `page.html.jinja` and `page.css`. What models said
is escaped, and its control characters are made visible.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic_core import to_json

from mainspring.evals.bootstrap import Interval
from mainspring.evals.comparing import Comparison, Side
from mainspring.evals.drawing.chart import HEIGHT, WIDTH, charts
from mainspring.evals.outcome import Outcome

if TYPE_CHECKING:
    from jinja2 import Template

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing around."""
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
    return _template().render(
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


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    return environment.get_template("page.html.jinja")


def _visible(value: object) -> object:
    """Make control characters visible."""
    return _CONTROL.sub(_shown, value) if type(value) is str else value


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
