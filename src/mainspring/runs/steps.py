"""A step of a run as one value: what the model thought and decided, what it was told, what that took."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue
from pydantic_core import to_json

from mainspring.agent.judge import JUDGING
from mainspring.agent.summarizer import COMPACTING
from mainspring.core import NOTHING, Act, Answer, Entry, JsonObject, Unusable, Usage
from mainspring.core.events import (
    ChildCalled,
    ChildEnded,
    Corrected,
    EffectFailed,
    Escalated,
    HumanAnswered,
    HumanAsked,
    ModelCalled,
    ModelReplied,
    Response,
    TimerRang,
    TimerSet,
    ToolCalled,
    ToolReturned,
    Wait,
)
from mainspring.runs.by_step import CallEntries, StepEntries


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """Something that was waited for, and what it came to."""

    kind: Literal["approval", "question", "in_doubt", "budget", "timer", "agent"]
    asked: str
    answer: str | None
    """None where nothing has come."""
    by: str
    """Who answered; empty where nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call, and what came of it."""

    name: str
    arguments: JsonObject
    """As the model wrote them."""
    edited: JsonObject | None
    """What a human made of them; None where they were left as they are."""
    result: str | None
    """None where nothing has come of it."""
    is_error: bool
    waits: tuple[Waited, ...]
    usage: Usage
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a run."""

    seq: int
    """Place of its first event."""
    kind: Literal["act", "answer", "unusable"] | None
    """What the model decided; None where it has not replied."""
    thought: str
    answer: JsonValue
    """The answer; for words that were unusable, those words."""
    calls: tuple[Call, ...]
    correction: str
    """What the loop told the model."""
    judged: Call | None
    """The call of whoever judged the answer."""
    summed_up: tuple[Call, ...]
    """The calls of whoever summed up older messages before this step."""
    escalated_to: str | None
    """The dearer model that goes on after this step; None where the same one does."""
    failure: str
    """Why the model call came to nothing."""
    waits: tuple[Waited, ...]
    """Those that are about no call."""
    model: str
    cached: bool
    """Whether an earlier reply was used again."""
    usage: Usage
    """Of the model, the tools, the judge and the summarizer."""
    duration_s: float
    """Of the model call."""


def step_of(step: StepEntries) -> Step:
    """Say what happened in a step."""
    reply, calls = step.reply, tuple(map(_call, step.calls))
    decision = None if reply is None else reply.decision
    events = [entry.event for entry in step.entries]
    correction = next((event.message.text for event in events if isinstance(event, Corrected)), "")
    failed = next((event for event in reversed(events) if isinstance(event, EffectFailed | ModelReplied)), None)
    escalated_to = next((event.to_model for event in events if isinstance(event, Escalated)), None)
    judged = next(iter(_asides(step, JUDGING)), None)
    summed_up = _asides(step, COMPACTING)
    made = (*summed_up, *calls) if judged is None else (*summed_up, *calls, judged)
    asked = next((event.model for event in reversed(events) if isinstance(event, ModelCalled)), "")
    return Step(
        seq=min(entry.seq for entry in step.entries),
        kind=None if decision is None else decision.type,
        thought="" if decision is None else decision.thought,
        answer=_answer(decision),
        calls=calls,
        correction=correction,
        judged=judged,
        summed_up=summed_up,
        escalated_to=escalated_to,
        failure=f"{failed.error}: {failed.message}" if isinstance(failed, EffectFailed) else "",
        waits=waits(step.entries),
        model=asked if reply is None else reply.model,
        cached=reply is not None and reply.cached,
        usage=sum((call.usage for call in made), start=NOTHING if reply is None else reply.usage),
        duration_s=0.0 if reply is None else reply.duration_s,
    )


def waits(entries: Iterable[Entry]) -> tuple[Waited, ...]:
    """Give what was waited for, with what it came to."""
    asked: dict[str, Wait] = {}
    answered: dict[str, Response] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, HumanAsked | TimerSet | ChildCalled):
            asked[event.key] = event
        elif isinstance(event, HumanAnswered | TimerRang | ChildEnded):
            answered[event.key] = event
    return tuple(_waited(wait, answered.get(key)) for key, wait in asked.items())


def _call(found: CallEntries) -> Call:
    events = [entry.event for entry in found.entries]
    made = next((event.call.arguments for event in events if isinstance(event, ToolCalled)), found.call.arguments)
    returned = next((event for event in events if isinstance(event, ToolReturned)), None)
    return Call(
        name=found.call.name,
        arguments=found.call.arguments,
        edited=None if made == found.call.arguments else made,
        result=None if returned is None else returned.result.text,
        is_error=returned is not None and returned.result.is_error,
        waits=waits(found.entries),
        usage=NOTHING if returned is None else returned.usage,
        duration_s=0.0 if returned is None else returned.duration_s,
    )


def _asides(step: StepEntries, name: str) -> tuple[Call, ...]:
    """Give the calls of that name, or numbered behind it, that were made by no wish of the model."""
    wanted = re.compile(rf"(?:tool|wait|approval):\d+:({re.escape(name)}(?:_\d+)?)")
    found: dict[str, list[Entry]] = {}
    for entry in step.entries:
        if place := wanted.fullmatch(getattr(entry.event, "key", "")):
            found.setdefault(place[1], []).append(entry)
    made = ((_called(entries), tuple(entries)) for entries in found.values())
    return tuple(_call(CallEntries(called.call, entries)) for called, entries in made if called is not None)


def _called(entries: Iterable[Entry]) -> ToolCalled | None:
    return next((entry.event for entry in entries if isinstance(entry.event, ToolCalled)), None)


def _answer(decision: Act | Answer | Unusable | None) -> JsonValue:
    match decision:
        case Answer(value=value):
            return value
        case Unusable(written=written, reason=reason):
            return written or reason
        case _:
            return None


def _waited(asked: Wait, answered: Response | None) -> Waited:
    by = answered.by if isinstance(answered, HumanAnswered) else ""
    match asked:
        case HumanAsked(kind=kind, question=question):
            return Waited(kind=kind, asked=question, answer=_said(answered), by=by)
        case TimerSet(seconds=seconds):
            return Waited(kind="timer", asked=f"{seconds:g} s", answer=_said(answered), by=by)
        case ChildCalled(agent=agent, input=words):
            return Waited(kind="agent", asked=f"{agent}: {words}", answer=_said(answered), by=by)


def _said(answered: Response | None) -> str | None:
    match answered:
        case None:
            return None
        case TimerRang():
            return "it rang"
        case ChildEnded(output=output, error=error):
            return _words(output) if error is None else error
        case HumanAnswered(verdict="answer", value=value):
            return _words(value)
        case HumanAnswered(verdict="edit", arguments=arguments):
            return f"edit: {_words(arguments)}"
        case HumanAnswered(verdict=verdict, reason=reason):
            return f"{verdict}: {reason}" if reason else verdict


def _words(value: JsonValue) -> str:
    return value if isinstance(value, str) else to_json(value).decode()
