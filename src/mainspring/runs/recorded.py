"""A run played from its record: a door that performs nothing, and calls that need no tools.

The loop is a pure function of what went through its door. Given the outcomes of a record it derives every other
event anew: to be compared with the record (replay), or to be written as the beginning of another run (fork).
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal, NoReturn, cast

from pydantic import JsonValue

from mainspring.agent.calls import approval_key, approval_question, refused, wait_key
from mainspring.agent.job import AnswerForm, Job, Limits
from mainspring.core import Entry, Event, JsonObject, Message, OnDelta, Options, Parked, Reply, Request, ToolCall
from mainspring.core.effects import DerivedT, OutcomeT, Reconcile, ResponseT
from mainspring.core.errors import ReplayError, TooDear, named
from mainspring.core.events import (
    ChildCalled,
    Compacted,
    Corrected,
    Escalated,
    Finished,
    HumanAnswered,
    HumanAsked,
    Intent,
    ModelCalled,
    RunStarted,
    TimerSet,
    ToolCalled,
    ToolReturned,
    Wait,
)
from mainspring.runs.definition import Definition
from mainspring.runs.forms import RecordedForm
from mainspring.runs.history import History
from mainspring.runs.stored import digest_of

_Derivable = (
    RunStarted
    | ModelCalled
    | ToolCalled
    | ToolReturned
    | Corrected
    | Escalated
    | Compacted
    | HumanAsked
    | TimerSet
    | ChildCalled
    | Finished
)
"""What the loop may derive; a tool's result where the call was refused, a question where it is not the driver's."""


class Diverged(Exception):
    """The loop derived something else than stands in the record.

    Args:
        recorded: What stands there; None where nothing does.
        derived: What was derived; None where nothing was.
    """

    def __init__(self, recorded: Entry | None, derived: Event | None) -> None:
        super().__init__(recorded, derived)
        self.recorded = recorded
        self.derived = derived


class RecordedDoor:
    """Gives the outcomes of a record, and collects what is derived from them.

    Args:
        run: The run's id.
        entries: The record.
        strict: Whether what is derived has to be what stands in the record.
        models: Names of the models that may have been asked, the dearest first.
    """

    def __init__(self, run: str, entries: Iterable[Entry], *, strict: bool, models: Sequence[str] = ()) -> None:
        known = list(entries)
        self.run = run
        self.history = History(known)
        self.derived: list[Event] = []
        """What was derived and what was given, in the order of the loop."""
        self._strict = strict
        self._models = models
        self._unseen = _derivable(known)

    @property
    def unseen(self) -> Entry | None:
        """The first event of the record that the loop should have derived, and has not."""
        return min(self._unseen.values(), key=lambda entry: entry.seq, default=None)

    def record(self, event: DerivedT) -> DerivedT:
        """Take in what follows from the record."""
        if isinstance(event, Escalated):
            event = cast("DerivedT", self._priced(event))
        self._derive(event.key, event)
        return event

    async def effect(
        self,
        intent: Intent,
        perform: Callable[[], Awaitable[OutcomeT]],  # noqa: ARG002 - nothing is performed
        in_doubt: Literal["retry", "ask"] | Reconcile[OutcomeT] = "retry",  # noqa: ARG002 - nothing is in doubt
    ) -> OutcomeT:
        """Give the recorded outcome."""
        return cast("OutcomeT", self._given(intent))

    async def wait(self, intent: Wait, respond: Callable[[], Awaitable[ResponseT]]) -> ResponseT:  # noqa: ARG002 - nobody waits
        """Give the recorded response."""
        return cast("ResponseT", self._given(intent))

    def knows(self, key: str) -> bool:  # noqa: ARG002 - as the protocol has it
        """Know nothing, so that every question is derived, too."""
        return False

    def keep(self, content: bytes) -> str:
        """Name content as it is named in the record."""
        return digest_of(content)

    def _priced(self, event: Escalated) -> Escalated:
        """Give an escalation with the prices of the day, which are in the record and nowhere else.

        Raises:
            Parked: It is not in the beginning that a fork shares: whoever drives the fork knows the prices.
        """
        known = self.history.happened.get(event.key)
        if isinstance(known, Escalated):
            return replace(event, from_usd=known.from_usd, to_usd=known.to_usd)
        if not self._strict:
            raise Parked
        return event

    def _given(self, intent: Intent | Wait) -> Event:
        outcome = self.history.happened.get(intent.key)
        if outcome is None and not self._strict:
            raise Parked
        if isinstance(intent, ModelCalled):
            intent = self._of_its_price(intent)
        self._derive(intent.key, intent)
        if (failed := self.history.failed.get(intent.key)) is not None:
            raise named(failed.error, failed.message)
        if outcome is None:
            raise Parked
        self.derived.append(outcome)
        return outcome

    def _of_its_price(self, called: ModelCalled) -> ModelCalled:
        """Ask the model that was asked where a budget had chosen another one than the loop would now.

        Raises:
            TooDear: It was a cheaper one.
        """
        begun = self.history.begun.get(called.key)
        asked = None if begun is None else begun.event
        if not self._strict or not isinstance(asked, ModelCalled) or asked.model not in self._models:
            return called
        if self._models.index(called.model) < self._models.index(asked.model):
            raise TooDear(f"model {called.model!r} was too dear then")
        if called.model != asked.model:  # the budget was raised meanwhile
            return replace(called, model=asked.model, request_digest=asked.request_digest)
        return called

    def _derive(self, key: str, event: Event) -> None:
        recorded = self._unseen.pop(_place(key, event), None)
        if self._strict and recorded is None and self._unseen:
            raise Diverged(self.unseen, event)
        if self._strict and recorded is None:
            raise Parked  # the record ends here: its run was cut off, or still goes on
        if self._strict and recorded is not None and recorded.event != _as_asked(event, recorded.event):
            raise Diverged(recorded, event)
        self.derived.append(event)


class RecordedCalls:
    """Makes the tool calls of a record without the tools.

    Args:
        door: Gives what came of them.
    """

    def __init__(self, door: RecordedDoor) -> None:
        self._door = door

    async def make(self, turn: int, call: ToolCall, said: Sequence[Message]) -> ToolReturned:  # noqa: ARG002
        """Give what came of a call."""
        begun = self._door.history.begun
        asked = begun.get(approval_key(turn, call))
        if asked is not None and isinstance(asked.event, HumanAsked):
            within_s, otherwise = asked.event.within_s, asked.event.otherwise
            question = approval_question(turn, call, within_s, "approve" if otherwise == "approve" else "deny")
            answered: HumanAnswered = await self._door.wait(question, _nobody)
            if answered.verdict == "deny":
                return self._door.record(refused(turn, call, answered))
            if answered.arguments is not None:
                call = replace(call, arguments=answered.arguments)
        waited = begun.get(wait_key(turn, call))
        if waited is not None and isinstance(waited.event, HumanAsked | TimerSet | ChildCalled):
            await self._door.wait(waited.event, _nobody)
        return await self._door.effect(ToolCalled(turn=turn, call=call), _nobody)


def recorded_job(definition: Definition, history: History) -> Job[JsonValue]:
    """Give everything a run worked with, from its record alone."""
    started = history.started
    models = [_Named(name) for name in definition.models]
    escalating = definition.escalating
    return Job(
        agent=started.agent,
        agent_digest=started.agent_digest,
        model=models[0],
        cheaper=tuple(models[1:]),
        escalation=None if escalating is None else escalating.recorded(_Named),
        compaction=None if definition.compacting is None else definition.compacting.recorded(),
        tools={},
        options=Options(definition.tools, definition.answer, max_calls=definition.max_calls),
        last_options=Options(definition.tools, definition.answer, must_answer=True),
        form=RecordedForm(history, _AsRecorded(history, definition.answer)),
        sampling=definition.sampling,
        limits=Limits(definition.max_steps, definition.max_repairs),
        answering=frozenset(definition.answering),
        messages=started.messages,
        prompt_digest=definition.prompt_digest,
    )


class _AsRecorded(AnswerForm[JsonValue]):
    """Takes the answer that the record ends with: its type is code, and not in the record."""

    def __init__(self, history: History, schema: JsonObject | None) -> None:  # needs no type
        self.schema = schema
        self._finished = history.happened.get("finish")

    def read(self, value: JsonValue) -> JsonValue:
        return self._finished.output if isinstance(self._finished, Finished) else value

    def write(self, output: JsonValue) -> JsonValue:
        return output


class _Named:
    """A model that is only a name."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:  # noqa: ARG002 - nobody is asked
        """Refuse: a record has its replies."""
        raise ReplayError(f"model {self.name!r} is not asked when a run is played from its record")


def _derivable(entries: list[Entry]) -> dict[str, Entry]:
    """Give the events of a record that the loop derives, the last of each place."""
    called = {entry.event.key for entry in entries if isinstance(entry.event, ToolCalled)}
    found: dict[str, Entry] = {}
    for entry in entries:
        event = entry.event
        is_outcome = isinstance(event, ToolReturned) and event.key in called
        is_the_drivers = isinstance(event, HumanAsked) and event.kind in {"in_doubt", "budget"}
        if isinstance(event, _Derivable) and not is_outcome and not is_the_drivers:
            found[_place(event.key, event)] = entry
    return found


def _place(key: str, event: Event) -> str:
    """Tell an intent from the outcome of the same key."""
    return f"{event.type}/{key}"


def _as_asked(derived: Event, recorded: Event) -> Event:
    """Give a question in the words that it had: a tool may have looked them up."""
    if isinstance(derived, HumanAsked) and isinstance(recorded, HumanAsked):
        return replace(derived, question=recorded.question)
    return derived


async def _nobody() -> NoReturn:
    raise ReplayError("nothing is performed when a run is played from its record")
