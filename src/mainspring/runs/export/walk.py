"""What was going on in a run when: its events as spans of time, and the stretches in which nothing was done.

Time runs as the events say, with one exception: what a fork took over from another run stands in its journal at the
time of the fork, and is given the length that its outcome says it had.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from mainspring.core import Entry, Event
from mainspring.core.events import (
    Attempted,
    ChildCalled,
    ChildEnded,
    DoubtFound,
    EffectFailed,
    HumanAnswered,
    HumanAsked,
    ModelCalled,
    ModelReplied,
    Resumed,
    TimerRang,
    TimerSet,
    ToolCalled,
    ToolReturned,
)
from mainspring.runs.export.words import seconds

LaneName = Literal["model", "tools", "agents", "timers", "people"]


@dataclass(slots=True)
class Span:
    """Something that was going on; in seconds since the run's first event."""

    lane: LaneName
    label: str
    seq: int
    """Place of the event that began it."""
    start: float
    end: float
    note: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Idle:
    """A stretch in which this run did nothing."""

    start: float
    end: float
    why: str
    has_agent: bool
    """Whether another agent was at work for it meanwhile."""


@dataclass(slots=True)
class Walk:
    """Goes through a run's events with a clock that starts at zero."""

    now: float = 0.0
    spans: list[Span] = field(default_factory=list)
    idles: list[Idle] = field(default_factory=list)
    _open: dict[str, Span] = field(default_factory=dict)
    _known: dict[str, Span] = field(default_factory=dict)
    _n_attempts: int = 0
    _replied: tuple[float, float] = (0.0, 0.0)
    """When the last reply came: by the journal's clock, and by this one."""

    def through(self, entries: Iterable[Entry]) -> "Walk":
        """Take in all events."""
        at: float | None = None
        for entry in entries:
            self._pass(max(0.0, entry.at - (entry.at if at is None else at)), entry.event)
            at = entry.at
            self._take(entry, self._replied[1] if at == self._replied[0] else self.now)
            if isinstance(entry.event, ModelReplied):
                self._replied = at, self.now
        for span in self._open.values():
            span.end, span.note = self.now, "not over"
            self.spans.append(span)
        self._open.clear()
        return self

    def _pass(self, passed_s: float, event: Event) -> None:
        """Let time pass until an event."""
        if isinstance(event, Attempted):
            self._cut_off()
        lanes = {span.lane for span in self._open.values()}
        if passed_s > 0 and not lanes & {"model", "tools"}:
            why = self._why(lanes, event)
            self.idles.append(Idle(self.now, self.now + passed_s, why, has_agent="agents" in lanes))
        self.now += passed_s
        self._n_attempts += isinstance(event, Attempted)

    def _take(self, entry: Entry, since: float) -> None:
        """Take in an event; what a step's calls begin, begins with them where the journal's clock stood still."""
        event, seq = entry.event, entry.seq
        match event:
            case ModelCalled(model=model):
                self._begin(event.key, Span("model", model, seq, self.now, self.now))
            case ToolCalled(call=call):
                self._begin(event.key, Span("tools", call.name, seq, since, since))
            case ChildCalled(agent=agent):
                self._begin(event.key, Span("agents", agent, seq, since, since))
            case TimerSet(seconds=length_s):
                self._begin(event.key, Span("timers", seconds(length_s), seq, since, since))
            case HumanAsked(kind=kind):
                self._begin(event.key, Span("people", kind.replace("_", " "), seq, since, since))
            case DoubtFound(key=key) if key in self._known:
                again = self._known[key]
                self._begin(key, Span(again.lane, again.label, seq, self.now, self.now))
            case _:
                self._take_outcome(event)

    def _take_outcome(self, event: Event) -> None:
        match event:
            case ModelReplied(duration_s=duration_s, cached=cached):
                self._end(event.key, duration_s, note="from the cache" if cached else "")
            case ToolReturned(duration_s=duration_s, result=result):
                self._end(event.key, duration_s, note="an error" if result.is_error else "", is_bad=result.is_error)
            case EffectFailed(error=error):
                self._end(event.key, note=error, is_bad=True)
            case HumanAnswered(verdict=verdict):
                self._end(event.key, note=verdict)
            case TimerRang() | ChildEnded():
                self._end(event.key)
            case _:
                pass

    def _begin(self, key: str, span: Span) -> None:
        if key in self._open:  # asked again in other words, or begun again unseen
            self._end(key)
        self._open[key] = self._known[key] = span

    def _end(self, key: str, duration_s: float = 0.0, *, note: str = "", is_bad: bool = False) -> None:
        span = self._open.pop(key, None)
        if span is None:  # it was never begun: refused, or found out about
            return
        self.now = max(self.now, span.start + duration_s)
        span.end, span.note, span.is_bad = self.now, note, is_bad
        self.spans.append(span)

    def _cut_off(self) -> None:
        """End what a driver that is gone had begun."""
        for key in [key for key, span in self._open.items() if span.lane in {"model", "tools"}]:
            self._end(key, note="cut off", is_bad=True)

    def _why(self, lanes: set[LaneName], event: Event) -> str:
        if "people" in lanes:
            return "waiting for a human"
        if "agents" in lanes:
            return "waiting for another agent"
        if "timers" in lanes:
            return "waiting for a timer"
        if isinstance(event, Resumed):
            return "stopped"
        return "nobody at work" if self._n_attempts else "waiting to begin"
