"""A run drawn to scale: bars for what was going on.

Long stretches in which nothing was done are pressed together, and their real length is written.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mainspring.core import Entry
from mainspring.runs.export.walk import Idle, LaneName, Span, Walk
from mainspring.runs.export.words import seconds

_LANES: Final[tuple[LaneName, ...]] = ("model", "tools", "agents", "timers", "people")
_GAP: Final = 0.1
"""What a stretch that is pressed together is given at most, as a part of all the work."""
_ALL_GAPS: Final = 0.7
"""What all of those are given together at most."""
_LONG: Final = 2 * _GAP
"""A stretch without work is pressed together where it is so long, as a part of all the work."""
_LONG_FOR_AN_AGENT: Final = 4.0
"""A wait for another agent is pressed together where it took so many times as long as all the run's own work."""
_N_TICKS: Final = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that was going on; places and widths are percents of the whole."""

    left: float
    width: float
    label: str
    title: str
    seq: int
    is_bad: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that is drawn shorter than it was."""

    left: float
    width: float
    length: str
    """How long it really was."""
    why: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the scale; what is pressed together does not count."""

    left: float
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """Bars of one kind, those at the same time below each other."""

    name: LaneName
    rows: tuple[tuple[Bar, ...], ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All of it."""

    lanes: tuple[Lane, ...]
    gaps: tuple[Gap, ...]
    ticks: tuple[Tick, ...]
    work: str
    """How long the run itself was at work."""


def timeline(entries: Sequence[Entry]) -> Timeline | None:
    """Draw a run; None where no time passed in it."""
    walk = Walk().through(entries)
    if not walk.spans or not walk.now:
        return None
    work_s = walk.now - sum(idle.end - idle.start for idle in walk.idles)
    pressed = [idle for idle in walk.idles if _is_long(idle, work_s)]
    scale = _Scale(walk.now, pressed)
    lanes = tuple(
        Lane(name, rows) for name in _LANES if (rows := _rows(scale, [s for s in walk.spans if s.lane == name]))
    )
    gaps = tuple(
        Gap(*scale.place(idle.start, idle.end), seconds(idle.end - idle.start), idle.why) for idle in pressed
    )
    return Timeline(lanes, gaps, scale.ticks(), seconds(work_s))


def _is_long(idle: Idle, work_s: float) -> bool:
    limit = _LONG_FOR_AN_AGENT if idle.has_agent else _LONG
    return idle.end - idle.start > limit * work_s


class _Scale:
    """From seconds to percents of the width: even, but for what is pressed together."""

    def __init__(self, end: float, pressed: Sequence[Idle]) -> None:
        self._shown_s = end - sum(idle.end - idle.start for idle in pressed)
        unit = self._shown_s or 1.0
        gap = unit * min(_GAP, _ALL_GAPS / max(1, len(pressed)))
        self._total = self._shown_s + gap * len(pressed)
        self._times, self._places = [0.0], [0.0]
        for idle in pressed:
            self._add(idle.start, idle.start - self._times[-1])
            self._add(idle.end, gap)
        self._add(end, end - self._times[-1])
        self._gap_starts = [idle.start for idle in pressed]
        self._gaps = pressed

    def _add(self, time: float, length: float) -> None:
        self._times.append(time)
        self._places.append(self._places[-1] + length)

    def percent(self, time: float) -> float:
        """Give where a moment is."""
        after = min(max(1, bisect_right(self._times, time)), len(self._times) - 1)
        since, until = self._times[after - 1], self._times[after]
        part = (time - since) / (until - since) if until > since else 0.0
        place = self._places[after - 1] + part * (self._places[after] - self._places[after - 1])
        return round(100 * place / self._total, 3)

    def place(self, start: float, end: float) -> tuple[float, float]:
        """Give where a stretch begins, and how wide it is."""
        left = self.percent(start)
        return left, round(self.percent(end) - left, 3)

    def ticks(self) -> tuple[Tick, ...]:
        """Give marks at round numbers of seconds."""
        if not self._shown_s:
            return ()
        step = next(size for size in _STEPS if self._shown_s / size <= _N_TICKS)
        wanted = [step * number for number in range(int(self._shown_s / step) + 1)]
        return tuple(
            Tick(self.percent(self._moment(shown_s)), seconds(shown_s).replace(".0 ", " ")) for shown_s in wanted
        )

    def _moment(self, shown_s: float) -> float:
        """Give the moment before which so many seconds are drawn to scale."""
        for idle in self._gaps:
            if idle.start >= shown_s:
                break
            shown_s += idle.end - idle.start
        return shown_s


_STEPS: Final = [
    *(base * 10.0**power for power in range(-4, 1) for base in (1, 2, 5)),
    *(10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 43_200.0),
    *(86_400.0 * 10.0**power * base for power in range(7) for base in (1, 2, 5)),
]
"""Lengths of time that people find round, in seconds."""


def _rows(scale: _Scale, spans: Sequence[Span]) -> tuple[tuple[Bar, ...], ...]:
    """Lay bars out so that none covers another."""
    rows: list[list[Bar]] = []
    ends: list[float] = []
    for span in sorted(spans, key=lambda span: span.start):
        row = next((place for place, end in enumerate(ends) if end <= span.start), len(rows))
        if row == len(rows):
            rows.append([])
            ends.append(0.0)
        rows[row].append(_bar(scale, span))
        ends[row] = span.end
    return tuple(map(tuple, rows))


def _bar(scale: _Scale, span: Span) -> Bar:
    left, width = scale.place(span.start, span.end)
    title = f"{span.label}: {seconds(span.end - span.start)}" + (f", {span.note}" if span.note else "")
    return Bar(left, width, span.label, title, span.seq, span.is_bad)
