"""Fork: a new run that has lived through the beginning of another, and departs from it.

The beginning is played from the record under what the new run works with, so that its journal is whole in itself:
it can be replayed, forked and exported like any other. What is not in that beginning is done anew, effects on the
outside world included.
"""

from dataclasses import dataclass, replace
from typing import Any

from pydantic import JsonValue

from mainspring.agent import Agent
from mainspring.agent.job import Job
from mainspring.agent.loop import Loop
from mainspring.core import Entry, Event, Parked, SystemClock
from mainspring.core.errors import ConfigError, MainspringError
from mainspring.core.events import Finished, HumanAnswered, ToolCalled, ToolReturned
from mainspring.runs.definition import Definition
from mainspring.runs.history import History
from mainspring.runs.recorded import RecordedCalls, RecordedDoor, recorded_job


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where and how a fork departs."""

    at: int | None = None
    """The first event that the fork does not share; None shares all of them."""
    agent: Agent | None = None
    """Who goes on; None means the same agent under what the run started with."""
    result: str | None = None
    """What the tool call whose result stands at `at` returned instead."""
    answer: JsonValue = None
    """What the human whose answer stands at `at` said instead."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a fork begins with."""

    definition: Definition
    events: tuple[Event, ...]


async def beginning(run: str, entries: list[Entry], definition: Definition, departure: Departure) -> Beginning:
    """Play what a fork shares with the run it departs from.

    Raises:
        ConfigError: There is no such event, nothing is left to go on with, or an effect is in doubt there.
    """
    at = len(entries) if departure.at is None else departure.at
    if not 2 <= at <= len(entries):
        raise ConfigError(f"run {run!r} has the events 0 to {len(entries) - 1}; fork it at one of them from 2 on")
    shared = _edited(run, entries, at, departure)
    history = History(shared)
    _check_doubt(run, History(entries), definition)
    job = recorded_job(definition, history)
    if departure.agent is not None:
        definition, job = _taken_over(departure.agent, definition, job, history)
    door = RecordedDoor(run, shared, strict=False)
    try:
        await Loop(job, door, SystemClock(), calls=RecordedCalls(door)).run()
    except Parked:
        pass
    except MainspringError as error:
        raise ConfigError(f"run {run!r} ends there ({error}); fork it at an earlier event") from error
    if any(isinstance(event, Finished) for event in door.derived):
        raise ConfigError(f"run {run!r} has its answer there; fork it at an earlier event")
    return Beginning(definition, tuple(door.derived))


def _edited(run: str, entries: list[Entry], at: int, departure: Departure) -> list[Entry]:
    """Give the shared events, with the one that was changed."""
    shared = entries[:at]
    if departure.result is None and departure.answer is None:
        return shared
    entry = entries[at] if at < len(entries) else None
    match entry:
        case Entry(event=ToolReturned() as event) if departure.result is not None:
            result = replace(event.result, text=departure.result, is_error=False, whole=None)
            changed: Event = replace(event, result=result)
        case Entry(event=HumanAnswered() as event) if departure.answer is not None:
            changed = replace(event, verdict="answer", value=departure.answer)
        case _:
            wanted = "a tool's result" if departure.result is not None else "a human's answer"
            raise ConfigError(f"event {at} of run {run!r} is not {wanted}; see `mainspring runs show {run}`")
    return [*shared, replace(entry, event=changed)]


def _check_doubt(run: str, history: History, definition: Definition) -> None:
    """Refuse to fork a run in which nobody knows whether something happened: the fork would do it again."""
    for key, entry in history.begun.items():
        called = entry.event
        if (
            isinstance(called, ToolCalled)
            and called.call.name in definition.asks_in_doubt
            and key not in history.happened
            and key not in history.failed
        ):
            raise ConfigError(
                f"the call of {called.call.name!r} at event {entry.seq} of run {run!r} is in progress or in doubt; "
                "let the run go on until that is settled, then fork it"
            )


def _taken_over(
    agent: Agent, definition: Definition, recorded: Job[JsonValue], history: History
) -> tuple[Definition, Job[Any]]:
    """Give what the run works with under another agent: its instructions, tools, model and settings."""
    *before, asked = [message for message in history.started.messages if message.role != "system"]
    if agent.prompt.inputs:
        plain = definition.model_copy(update={"escalating": None, "compacting": None})
        models, sampling = agent.models, agent.sampling.over(definition.sampling)
        job = replace(
            plain.job(agent, history.started, recorded.form),
            model=models[0],
            cheaper=models[1:],
            escalation=agent.escalation,
            compaction=agent.compaction,
            sampling=sampling,
        )
    else:
        job = agent.job(asked, recorded.form, before)
    return Definition.of(agent, job), job
