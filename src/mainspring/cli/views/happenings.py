"""The words for what happens in a run besides its thoughts, calls and results: waits, budgets, drivers, ends."""

import os
import socket
from dataclasses import dataclass
from functools import singledispatch

from pydantic_core import to_json

from mainspring.cli.stored.limits import amount_text, limits_text
from mainspring.cli.views.screen import shorten
from mainspring.cli.views.tally import cost_text, count, dollars
from mainspring.cli.views.times import clock_text, seconds_text
from mainspring.core import Entry, Event
from mainspring.core.events import (
    Attempted,
    BudgetExceeded,
    BudgetRaised,
    CancelAsked,
    Cancelled,
    ChildCalled,
    ChildEnded,
    Compacted,
    Corrected,
    DoubtFound,
    Escalated,
    HumanAnswered,
    HumanAsked,
    ModelCalled,
    Resumed,
    TimerSet,
    ToolCalled,
)

_MAX_CHARS = 400
_ACTIONS = {
    "stop": "the run ends",
    "ask": "a human is asked for more",
    "degrade": "the next model of its list is asked",
}
_POLICIES = {
    "retry": "it is done again",
    "reconcile": "it was found not to be done, so it is done again",
    "ask": "a human says to do it again",
}
_TROUBLES = {
    "unusable": "wrote a reply that could not be used",
    "wrong_answer": "gave an answer that does not fit",
    "tool_error": "made calls that all failed",
    "judge": "gave an answer that was judged not good enough",
}
_VERDICTS = {"approve": "approved", "deny": "denied", "edit": "edited", "answer": "answered"}


@dataclass(frozen=True, slots=True)
class Line:
    """A label and what stands behind it."""

    label: str
    text: str
    style: str = ""
    label_style: str = "dim"


class Teller:
    """Tells what happens in one run, event by event; it remembers who drives, and what calls are called."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._driven: tuple[str, tuple[str, ...]] | None = None

    def line(self, entry: Entry) -> Line | None:
        """Say what happened; None where that is shown otherwise or not at all."""
        match entry.event:
            case ModelCalled(key=key, model=name):
                self._names[key] = f"the call of {name}"
            case ToolCalled(key=key, call=call):
                self._names[key] = call.name
            case Attempted(driver=driver, changed=changed):
                return self._handed_over(driver, changed)
            case DoubtFound(key=key, policy=policy):
                words = f"{self._names.get(key, key)} was cut off: {_POLICIES[policy]}"
                return Line("doubt", words, label_style="yellow")
            case event:
                return _line(event, entry.at)
        return None

    def _handed_over(self, driver: str, changed: tuple[str, ...]) -> Line | None:
        """Say that another driver goes on, and what of the agent is not as it was."""
        before, self._driven = self._driven, (driver, changed)
        if before == self._driven:
            return None
        if changed:
            text = f"it goes on under what it started with; since then has changed: {', '.join(changed)}"
            return Line("note", text, label_style="yellow")
        is_other = before is not None and before[0] != driver and not _is_here(driver)
        return Line("driver", f"{driver_text(driver)} goes on", "dim") if is_other else None


def driver_text(driver: str) -> str:
    """Name a driver for people: the process and the machine."""
    host, *_, pid, _, _ = driver.split("/") if driver.count("/") >= 3 else ("", driver, "", "")
    return f"process {pid} on {host}" if host else driver


def _is_here(driver: str) -> bool:
    return driver_text(driver) == f"process {os.getpid()} on {socket.gethostname()}"


@singledispatch
def _line(event: Event, at: float) -> Line | None:  # noqa: ARG001 - some need the time
    return None


@_line.register
def _(event: HumanAsked, at: float) -> Line:
    until = "" if event.within_s is None else f" (until {clock_text(at + event.within_s)})"
    return Line("asks", f"{event.question}{until}", label_style="bold yellow")


@_line.register
def _(event: HumanAnswered, at: float) -> Line:  # noqa: ARG001
    label = _VERDICTS[event.verdict]
    if event.by == "deadline":
        return Line(label, "nobody answered in time", label_style="yellow")
    said = event.reason
    if event.arguments is not None:
        edited = ", ".join(f"{name}={to_json(value).decode()}" for name, value in event.arguments.items())
        said = f"{edited} ({said})" if said else edited
    elif event.verdict == "answer":
        said = event.value if isinstance(event.value, str) else to_json(event.value).decode()
    by = f"by {event.by}" if event.by else ""
    return Line(label, ": ".join(part for part in (by, _short(said)) if part), label_style="yellow")


@_line.register
def _(event: TimerSet, at: float) -> Line:
    return Line("waits", f"{seconds_text(event.seconds)}, until {clock_text(at + event.seconds)}")


@_line.register
def _(event: ChildCalled, at: float) -> Line:  # noqa: ARG001
    return Line("child", f"{event.agent} works on: {_short(event.input)}")


@_line.register
def _(event: ChildEnded, at: float) -> Line:  # noqa: ARG001
    used = event.usage
    facts = f"{count(used.model_calls, 'model call')}, {cost_text(used)}"
    if event.error is not None:
        return Line("child", f"{event.run} ended without an answer: {_short(event.error)}", label_style="red")
    return Line("child", f"{event.run} has its answer ({facts})")


@_line.register
def _(event: BudgetExceeded, at: float) -> Line:  # noqa: ARG001
    whose = "its own budget" if event.budget.startswith("run:") else f"budget {event.budget!r}"
    left, needed = amount_text(event.field, event.left), amount_text(event.field, event.needed)
    what = event.model or event.key
    text = f"{whose} has {left} left, and {what} may take {needed}: {_ACTIONS[event.action]}"
    return Line("budget", text, label_style="yellow")


@_line.register
def _(event: BudgetRaised, at: float) -> Line:  # noqa: ARG001
    return Line("budget", f"{limits_text(event.budget)} from now on{_by(event.by)}", label_style="yellow")


@_line.register
def _(event: Resumed, at: float) -> Line:  # noqa: ARG001
    return Line("resumed", f"it goes on{_by(event.by)}", label_style="yellow")


@_line.register
def _(event: CancelAsked, at: float) -> Line:  # noqa: ARG001
    return Line("stopped", f"it was asked to stop{_by(event.by)}", label_style="yellow")


@_line.register
def _(event: Cancelled, at: float) -> Line:  # noqa: ARG001
    return Line("stopped", "the run was cancelled", label_style="yellow")


@_line.register
def _(event: Corrected, at: float) -> Line:  # noqa: ARG001
    return Line("note", f"told the model: {event.message.text}", "dim")


@_line.register
def _(event: Escalated, at: float) -> Line:  # noqa: ARG001
    why = f"{event.from_model} {_TROUBLES[event.reason]} ({_short(event.problem)})"
    price = ""
    if event.from_usd is not None and event.to_usd is not None:
        price = f"; a call like its last costs {dollars(event.to_usd)} instead of {dollars(event.from_usd)}"
    return Line("model", f"{why}: {event.to_model} goes on{price}", label_style="yellow")


@_line.register
def _(event: Compacted, at: float) -> Line:  # noqa: ARG001
    made = [f"{count(event.n_replaced, 'older message')} replaced"] if event.n_replaced else []
    made += [f"{count(event.n_shortened, 'tool result')} shortened"] if event.n_shortened else []
    text = f"{' and '.join(made)}: about {event.tokens_after:,} tokens instead of {event.tokens_before:,}"
    if event.problem:
        return Line("room", f"{text}; not all was summed up ({_short(event.problem)})", label_style="yellow")
    return Line("room", text, "dim")


def _by(name: str) -> str:
    return f", says {name}" if name else ""


def _short(text: str) -> str:
    shown, n_left_out = shorten(text, 4, _MAX_CHARS)
    return f"{shown} [{n_left_out:,} more characters]" if n_left_out else shown
