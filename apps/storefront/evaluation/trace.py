"""What happened in a conversation, in lines that a person can follow: who called what, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic_core import to_json

from apps.storefront.team import role_of
from mainspring import Runs, Usage
from mainspring.agent.judge import JUDGING
from mainspring.core import NOTHING, ONE_TOOL_CALL, Act, Answer, Entry, Event, Unusable
from mainspring.core.events import Failed, ModelReplied, ToolReturned
from mainspring.runs import Query

_MOST_CHARS: Final = 600
_MOST_RUNS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Trace:
    """What was done, and what it took."""

    steps: tuple[str, ...] = ()
    """`clerk calls reserve_order(...)`, `clerk is told: ...`."""
    usage: Usage = NOTHING
    """Of all runs together, those that failed included; calls are those that a model asked for."""


async def trace(runs: Runs, ids: Sequence[str]) -> Trace:
    """Follow runs, and those that they started, in the order of time."""
    told: list[tuple[Entry, str]] = []
    for name in ids:
        told += await _entries(runs, name)
    told.sort(key=lambda one: one[0].at)
    steps = tuple(f"{agent} {line}" for entry, agent in told for line in _lines(entry.event))
    return Trace(steps, sum((_usage(entry.event) for entry, _ in told), NOTHING))


async def _entries(runs: Runs, run: str) -> list[tuple[Entry, str]]:
    """Give the events of a run and of all runs below it, each with its agent."""
    row = await runs.row(run)
    found = [(entry, role_of(row.agent)) for entry in await runs.store.entries(run)]
    for child in await runs.find(Query(parent=run, limit=_MOST_RUNS)):
        found += await _entries(runs, child.id)
    return found


def _usage(event: Event) -> Usage:
    """Give what an event took by itself; what a call of another agent took is told by that one's run."""
    match event:
        case ModelReplied(usage=usage):
            return usage
        case ToolReturned(result=result) if result.call_id != JUDGING:
            return ONE_TOOL_CALL
        case _:
            return NOTHING


def _lines(event: Event) -> list[str]:
    match event:
        case ModelReplied(decision=Act(thought=thought, calls=calls)):
            thought_line = [f"thinks: {_short(thought)}"] if thought else []
            return [
                *thought_line,
                *(f"calls {call.name}({_short(to_json(call.arguments).decode())})" for call in calls),
            ]
        case ModelReplied(decision=Answer(value=value)):
            return [f"answers: {_short(str(value))}"]
        case ModelReplied(decision=Unusable(reason=reason, written=written)):
            return [f"writes what cannot be used ({reason}): {_short(written)}"]
        case ToolReturned(result=result) if result.call_id == JUDGING:
            return [f"is judged: {_short(result.text)}"] if result.text else []
        case ToolReturned(result=result):
            return [f"is told{' (error)' if result.is_error else ''}: {_short(result.text)}"]
        case Failed(error=error, message=words):
            return [f"fails: {error}: {_short(words)}"]
        case _:
            return []


def _short(text: str) -> str:
    one_line = " / ".join(text.splitlines())
    return one_line if len(one_line) <= _MOST_CHARS else f"{one_line[:_MOST_CHARS]}..."
