"""What two runs have in common, and where they part: compared step by step.

Steps are the same where the model decided the same and was told the same. What it took (time, money, which model,
how calls are called by id, in which order results came) is reported, and makes no step different.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue
from pydantic_core import to_json

from mainspring.core import Entry, Usage
from mainspring.core.events import Failed, Finished, RunStarted
from mainspring.runs.by_step import by_step
from mainspring.runs.history import History
from mainspring.runs.steps import Call, Step, step_of

Beginning = Literal["instructions", "conversation", "input", "answer form"]
"""`conversation` is what was said before the input."""

Aspect = Literal["presence", "thought", "calls", "answer", "results", "correction"]
"""`presence`: only one of the runs has come that far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDiff:
    """One step of both runs."""

    turn: int
    same: bool
    differs: tuple[Aspect, ...]
    """In what they differ; nothing where they are the same."""
    one: Step | None
    other: Step | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two runs as a whole."""

    run: str
    agent: str
    model: str
    instructions: str
    input: str
    ended: Literal["finished", "failed", "cancelled"] | None
    """None where it is not over."""
    outcome: JsonValue
    """The answer, or why there is none."""
    n_steps: int
    usage: Usage
    model_s: float
    """Seconds of model calls, added up."""
    tool_s: float
    """Seconds of tool calls, added up."""
    elapsed_s: float
    """Seconds from the first event to the last, waiting included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Two runs, compared."""

    same: bool
    """Whether they began, went on and ended the same."""
    one: Side
    other: Side
    beginning: tuple[Beginning, ...]
    """In what their beginnings differ; nothing where those are the same."""
    steps: tuple[StepDiff, ...]
    first: int | None
    """The first turn that differs."""
    same_end: bool


def diff(one: Sequence[Entry], other: Sequence[Entry]) -> Diff:
    """Compare two runs, aligned by step.

    Args:
        one: All events of a run.
        other: All events of the other.

    Raises:
        JournalError: A run has no beginning.
    """
    histories = History(one), History(other)
    steps, others = _steps(one), _steps(other)
    turns = sorted(steps.keys() | others.keys())
    compared = tuple(_compared(turn, steps.get(turn), others.get(turn)) for turn in turns)
    left, right = _side(one, histories[0], steps), _side(other, histories[1], others)
    beginning = _beginning(histories[0].started, histories[1].started)
    first = next((step.turn for step in compared if not step.same), None)
    same_end = left.ended == right.ended and _same_outcome(left, right)
    return Diff(
        same=not beginning and first is None and same_end,
        one=left,
        other=right,
        beginning=beginning,
        steps=compared,
        first=first,
        same_end=same_end,
    )


def _steps(entries: Sequence[Entry]) -> dict[int, Step]:
    return {step.turn: step_of(step) for step in by_step(entries).steps}


def _side(entries: Sequence[Entry], history: History, steps: dict[int, Step]) -> Side:
    started, end = history.started, history.ended
    outcome: JsonValue = None
    if isinstance(end, Finished):
        outcome = end.output
    elif isinstance(end, Failed):
        outcome = f"{end.error}: {end.message}"
    return Side(
        run=entries[0].run,
        agent=started.agent,
        model=started.model,
        instructions=_instructions(started),
        input=started.messages[-1].text if started.messages else "",
        ended=None if end is None else end.type,
        outcome=outcome,
        n_steps=len(steps),
        usage=history.usage,
        model_s=sum(step.duration_s for step in steps.values()),
        tool_s=sum(call.duration_s for step in steps.values() for call in _made(step)),
        elapsed_s=entries[-1].at - entries[0].at,
    )


def _made(step: Step) -> tuple[Call, ...]:
    made = (*step.summed_up, *step.calls)
    return made if step.judged is None else (*made, step.judged)


def _beginning(one: RunStarted, other: RunStarted) -> tuple[Beginning, ...]:
    said, told = _said(one), _said(other)
    is_same: dict[Beginning, bool] = {
        "instructions": _instructions(one) == _instructions(other),
        "conversation": said[:-1] == told[:-1],
        "input": said[-1:] == told[-1:],
        "answer form": _bytes(one.answer_schema) == _bytes(other.answer_schema),
    }
    return tuple(name for name, same in is_same.items() if not same)


def _instructions(started: RunStarted) -> str:
    return "\n".join(message.text for message in started.messages if message.role == "system")


def _said(started: RunStarted) -> list[tuple[str, str, list[tuple[str, bytes]]]]:
    return [
        (message.role, message.text, [(call.name, _bytes(call.arguments)) for call in message.calls])
        for message in started.messages
        if message.role != "system"
    ]


def _compared(turn: int, one: Step | None, other: Step | None) -> StepDiff:
    differs = ("presence",) if one is None or other is None else _differs(one, other)
    return StepDiff(turn=turn, same=not differs, differs=differs, one=one, other=other)


def _differs(one: Step, other: Step) -> tuple[Aspect, ...]:
    if (one.kind is None) != (other.kind is None):
        return ("presence",)
    results = one.failure == other.failure and all(
        _same_result(*pair) for pair in zip(one.calls, other.calls, strict=False)
    )
    is_same: dict[Aspect, bool] = {
        "thought": one.thought == other.thought,
        "calls": _wishes(one) == _wishes(other),
        "answer": (one.kind, _bytes(one.answer)) == (other.kind, _bytes(other.answer)),
        "results": results,
        "correction": one.correction == other.correction,
    }
    return tuple(name for name, same in is_same.items() if not same)


def _wishes(step: Step) -> list[tuple[str, bytes]]:
    return [(call.name, _bytes(call.arguments)) for call in step.calls]


def _same_result(one: Call, other: Call) -> bool:
    """Tell whether the same came of two calls, and a human changed neither of them or both alike."""
    edits = _bytes(one.edited), _bytes(other.edited)
    return (one.result, one.is_error, edits[0]) == (other.result, other.is_error, edits[1])


def _same_outcome(one: Side, other: Side) -> bool:
    """Tell whether two runs came to the same; what ended them may name them."""
    if one.ended != "failed":
        return _bytes(one.outcome) == _bytes(other.outcome)
    words = [re.sub(rf"\b{re.escape(side.run)}\b", "", str(side.outcome)) for side in (one, other)]
    return one.outcome == other.outcome or words[0] == words[1]


def _bytes(value: JsonValue) -> bytes:
    """Write JSON so that equal values are equal bytes, whatever the order of their fields; 1 and true are not."""
    return to_json(_sorted(value))


def _sorted(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
