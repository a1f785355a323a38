"""Quality against what a decision takes, as points with their intervals: the numbers of an inline SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from mainspring.evals.comparing import Comparison, Side

WIDTH: Final = 460
HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 16, 16, 40
_N_TICKS: Final = 5
_ABOVE: Final = 1.15
"""How far the axis goes past the largest value."""
_LABEL_GAP: Final = 14


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Point:
    """One model: where it is, and how far its interval reaches."""

    x: float
    y: float
    low: float
    high: float
    label_y: float
    """Moved where labels would lie on each other."""
    is_at_right: bool
    """Whether its label stands to the left of it, as there is no room at the right."""
    name: str
    number: int
    """Its place among the models, for the colour."""
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Points over an axis of seconds or dollars."""

    title: str
    unit: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    points: tuple[Point, ...]
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM


def charts(found: Comparison) -> list[Chart]:
    """Give the charts of a comparison; none of cost where no price is known, or all is free."""
    drawn = [
        _chart("Quality and time", "seconds a decision", found.sides, [side.effort.seconds for side in found.sides])
    ]
    costs = [side.effort.cost_usd for side in found.sides]
    if all(cost is not None for cost in costs) and any(costs):
        drawn.append(
            _chart("Quality and cost", "US dollars a decision", found.sides, [float(cost or 0) for cost in costs])
        )
    return drawn


def _chart(title: str, unit: str, sides: Sequence[Side], values: Sequence[float]) -> Chart:
    most = max(values) * _ABOVE or 1.0
    step = _step(most / _N_TICKS)
    floor = _floor(min(side.score.interval.low for side in sides))
    marks = [step * number for number in range(int(most / step) + 1)]

    def x(value: float) -> float:
        return round(_LEFT + value / most * (WIDTH - _LEFT - _RIGHT), 1)

    def y(share: float) -> float:
        return round(_TOP + (1 - share) / (1 - floor) * (HEIGHT - _TOP - _BOTTOM), 1)

    labels = _spread([y(side.score.interval.estimate) for side in sides])
    points = [
        Point(
            x=x(value),
            y=y(side.score.interval.estimate),
            low=y(side.score.interval.low),
            high=y(side.score.interval.high),
            label_y=label_y,
            is_at_right=value > most / 2,
            name=side.name,
            number=place,
            words=f"{side.name}: {side.score.interval.estimate:.1%} right, {value:.3g} {unit}",
        )
        for place, (side, value, label_y) in enumerate(zip(sides, values, labels, strict=True))
    ]
    shares = [floor + (1 - floor) * number / 4 for number in range(5)]
    return Chart(
        title,
        unit,
        tuple(Tick(x(mark), f"{mark:.4g}") for mark in marks),
        tuple(Tick(y(share), f"{share:.0%}") for share in shares),
        tuple(points),
    )


def _step(least: float) -> float:
    """Give the next round number: 1, 2 or 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def _floor(lowest: float) -> float:
    """Give where the axis of quality begins: at a fifth below the lowest interval, never above 80 %."""
    return min(0.8, math.floor(lowest * 5) / 5)


def _spread(places: Sequence[float]) -> list[float]:
    """Move labels down that would lie on the one above them."""
    moved = list(places)
    order = sorted(range(len(places)), key=places.__getitem__)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + _LABEL_GAP)
    return moved
