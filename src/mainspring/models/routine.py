"""A model that follows a routine written in code: exact, free, and played again from what was said.

A routine is a generator. It yields tool calls to be made side by side, is sent what came of them, and returns the
answer. It keeps nothing: each time it is asked it is played from the beginning over the results that the
conversation holds, so a run that follows one is resumed, replayed and forked like any other.

```python
def routine(task: str) -> Routine:
    (draft,) = yield Step((use("author", task=task),))
    return draft.text
```
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import JsonValue
from pydantic_core import from_json

from mainspring.core import (
    NOTHING,
    Act,
    Answer,
    Decision,
    Message,
    OnDelta,
    Reply,
    Request,
    ToolCall,
    ToolResult,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Step:
    """Calls to be made side by side."""

    calls: tuple[ToolCall, ...]
    enough: int | None = None
    """How many good results are enough; all of them if None."""
    why: str = ""
    """What it is for, as the record shows it."""


Routine = Generator[Step, tuple[ToolResult, ...], JsonValue]
"""Yields steps, is sent their results in order, returns the answer."""


class RoutineModel:
    """Decides by a routine.

    Args:
        name: What it is recorded as.
        routine: Begins the routine on a task.
    """

    calls_at_most = 0
    """No server is asked: a budget holds nothing back for it."""

    def __init__(self, name: str, routine: Callable[[str], Routine]) -> None:
        self.name = name
        self._routine = routine

    def __repr__(self) -> str:
        return f"RoutineModel({self.name!r})"

    def price(self, usage: Usage) -> Decimal:  # noqa: ARG002 - it is free whatever is asked
        """Give the US dollars of a usage: none."""
        return Decimal(0)

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:  # noqa: ARG002 - nobody reads along
        """Decide what is next."""
        task, results = _so_far(request.messages, request.turn)
        decision = _next(self._routine(task), results, request)
        message = Message(role="assistant", parts=decision.parts, label=request.label)
        return Reply(message, decision, NOTHING, "stop", self.name)


def call(tool: str, **arguments: JsonValue) -> ToolCall:
    """Write a call of a routine's step; it is named when it is made."""
    return ToolCall(id="", name=tool, arguments=arguments)


def _so_far(messages: Sequence[Message], turn: int) -> tuple[str, list[tuple[ToolResult, ...]]]:
    """Give the task, and the results of the steps so far: what was said before the task is not looked at."""
    results: list[tuple[ToolResult, ...]] = []
    for message in reversed(messages):
        if message.role == "tool" and len(results) < turn:
            results.insert(0, message.results)
        elif message.role == "user" and len(results) == turn:
            return message.text, results
    return "", results


def _next(routine: Routine, results: list[tuple[ToolResult, ...]], request: Request) -> Decision:
    try:
        step = next(routine)
        for came in results:
            step = routine.send(came)
    except StopIteration as end:
        return Answer(value=_answer(end.value, request))
    named = tuple(
        ToolCall(id=f"call_{request.turn}_{place}", name=wanted.name, arguments=dict(wanted.arguments))
        for place, wanted in enumerate(step.calls)
    )
    return Act(thought=step.why, calls=named, enough=step.enough)


def _answer(value: JsonValue, request: Request) -> JsonValue:
    """Give an answer in the form that is asked for: members of a team say JSON in words."""
    if request.options.answer is None or not isinstance(value, str):
        return value
    try:
        read: JsonValue = from_json(value)
    except ValueError:
        return value  # the answer form says what is wrong with it
    return read
