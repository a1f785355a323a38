"""Lines over steps, laid out for an SVG of a fixed size; how they look is the page's affair."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 220
_LEFT: Final = 64
_RIGHT: Final = 12
_TOP: Final = 12
_BOTTOM: Final = 28
_N_TICKS: Final = 4

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One line before it is laid out."""

    name: str
    kind: str
    """The colour it has on the page: brass, steel, moss or plum."""
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line, laid out."""

    name: str
    kind: str
    points: str
    """As `polyline` has them."""
    last: str
    """Its last value in words."""
    end: Point
    is_dotted: bool
    """Whether there is but one point, which a line would not show."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines in one frame."""

    title: str
    lines: tuple[Drawn, ...]
    across: tuple[Tick, ...]
    """Steps."""
    upward: tuple[Tick, ...]


def chart(title: str, *series: Series) -> Chart | None:
    """Lay lines out in one frame, which begins at zero where values do not go below; None where there are none."""
    shown = [one for one in series if one.points]
    if not shown:
        return None
    xs = [x for one in shown for x, _ in one.points]
    ys = [y for one in shown for _, y in one.points if math.isfinite(y)] or [0.0]
    low, high = min(0.0, *ys), max(ys) or 1.0
    step = _round_step((high - low) / _N_TICKS)
    high = step * math.ceil(high / step - 1e-9)
    first, last = min(xs), max(*xs, min(xs) + 1)

    def place(x: float, y: float) -> Point:
        across = _LEFT + (x - first) / (last - first) * (WIDTH - _LEFT - _RIGHT)
        upward = HEIGHT - _BOTTOM - (y - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)
        return round(across, 1), round(upward, 1)

    every = max(1.0, _round_step((last - first) / _N_TICKS))
    steps = [every * n for n in range(math.ceil(first / every), int(last // every) + 1)]
    values = [step * n for n in range(math.ceil(low / step - 1e-9), round(high / step) + 1)]
    return Chart(
        title=title,
        lines=tuple(_drawn(one, [place(x, y) for x, y in one.points if math.isfinite(y)]) for one in shown),
        across=tuple(Tick(place(x, low)[0], f"{x:g}") for x in steps),
        upward=tuple(Tick(place(first, y)[1], number(y)) for y in values),
    )


def number(value: float) -> str:
    """Write a figure with the digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _drawn(series: Series, places: list[Point]) -> Drawn:
    return Drawn(
        name=series.name,
        kind=series.kind,
        points=" ".join(f"{x:g},{y:g}" for x, y in places),
        last=number(series.points[-1][1]),
        end=places[-1] if places else (0.0, 0.0),
        is_dotted=len(places) == 1,
    )


def _round_step(rough: float) -> float:
    """Give the next number of the kind 1, 2, 5 times a power of ten."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough - 1e-12)
