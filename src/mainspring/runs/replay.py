"""Replay: play a run again from its journal alone, and tell where it departs from what was recorded.

No model is asked, no tool is called. Every event that the loop derives has to be the recorded one, to the last
field; replies, tool results, answers and what became of the run besides are given as they are.
"""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from mainspring.agent import Agent
from mainspring.agent.job import AnswerForm, Job
from mainspring.agent.loop import Loop
from mainspring.core import Entry, Event, Parked, Sampling, SystemClock
from mainspring.core.errors import MainspringError
from mainspring.core.events import Failed, RunStarted
from mainspring.runs.definition import Definition
from mainspring.runs.history import History
from mainspring.runs.recorded import Diverged, RecordedCalls, RecordedDoor, recorded_job

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where a replay departs from the record."""

    seq: int
    """Place in the run."""
    recorded: Event | None
    """What stands there; None where the record has nothing."""
    derived: Event | None
    """What the loop came to; None where it came to nothing."""

    @property
    def words(self) -> str:
        """Say it in a line."""
        recorded = "nothing" if self.recorded is None else self.recorded.type
        derived = "nothing" if self.derived is None else self.derived.type
        if self.recorded is None or self.derived is None or recorded != derived:
            return f"event {self.seq}: the record has {recorded}, the replay {derived}"
        fields = [
            name
            for name in type(self.recorded).__dataclass_fields__
            if getattr(self.recorded, name) != getattr(self.derived, name)
        ]
        return f"event {self.seq}, {recorded}: {', '.join(fields)} not as recorded"


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay came to."""

    run: str
    n_events: int
    """Events of the record that are reproduced, up to the divergence if there is one."""
    divergence: Divergence | None
    """The first difference; None where every event is the recorded one."""


async def replay(
    run: str,
    entries: list[Entry],
    definition: Definition,
    agent: Agent | None = None,
    form: AnswerForm[Any] | None = None,
) -> Replay:
    """Play a run again.

    Args:
        run: Its id.
        entries: Its events.
        definition: What it worked under.
        agent: Derive from this agent instead of from the record: tells what a change of its instructions, tools or
            settings means for the run.
        form: The type of the answers, with an agent.

    Raises:
        ConfigError: The agent's prompt takes inputs; they are not in a journal.
    """
    history = History(entries)
    job: Job[Any] = (
        recorded_job(definition, history)
        if agent is None
        else _present_job(agent, definition, history.started, form or AnswerForm(str))
    )
    door = RecordedDoor(run, entries, strict=True, models=[model.name for model in job.models])
    calls = RecordedCalls(door) if agent is None else None
    divergence = await _play(Loop(job, door, SystemClock(), calls=calls), door)
    return Replay(run, len(entries) if divergence is None else divergence.seq, divergence)


async def _play(loop: Loop[T], door: RecordedDoor) -> Divergence | None:
    try:
        await loop.run()
    except Diverged as diverged:
        seq = door.history.n_events if diverged.recorded is None else diverged.recorded.seq
        return Divergence(seq, None if diverged.recorded is None else diverged.recorded.event, diverged.derived)
    except Parked:
        pass
    except MainspringError as error:
        return _other_end(error, door)
    unseen = door.unseen
    return None if unseen is None else Divergence(unseen.seq, unseen.event, None)


def _other_end(error: MainspringError, door: RecordedDoor) -> Divergence | None:
    """Compare what ended the loop with what is recorded to have ended the run."""
    ended = door.history.ended
    failed = Failed(error=type(error).__name__, message=str(error), usage=door.history.usage)
    if isinstance(ended, Failed) and (ended.error, ended.message) == (failed.error, failed.message):
        return None
    return Divergence(door.history.n_events - 1, ended, failed)


def _present_job(agent: Agent, definition: Definition, started: RunStarted, form: AnswerForm[Any]) -> Job[Any]:
    """Give what the agent would work with, were it asked the same now under the same budget."""
    *before, asked = [message for message in started.messages if message.role != "system"]
    job = agent.job(asked, form, before)
    bound = Sampling(max_output_tokens=definition.sampling.max_output_tokens)
    return replace(job, sampling=job.sampling.over(bound))
