"""The door of a run in a store: what is known is not done again, and nothing is done before it is written down.

effect = known?  -> give it
begun?  -> in doubt: retry, find out, or ask a human
else    -> reserve, write the intent, do it, write the outcome and settle

wait   = known?  -> give it
else    -> write what is waited for, and park the run
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Literal, Protocol, cast

from mainspring.agent.calls import left_in_doubt
from mainspring.core import NOTHING, ONE_TOOL_CALL, Clock, Parked, ToolResult, decode_json, encode
from mainspring.core.effects import DerivedT, OutcomeT, Reconcile, ResponseT
from mainspring.core.errors import MainspringError, TooDear, named
from mainspring.core.events import (
    DoubtFound,
    DoubtPolicy,
    EffectFailed,
    HumanAnswered,
    HumanAsked,
    Intent,
    ModelCalled,
    ModelReplied,
    Outcome,
    Response,
    ToolCalled,
    ToolReturned,
    Wait,
)
from mainspring.runs.costs import Told, spent, spent_on_failure
from mainspring.runs.history import History
from mainspring.runs.journal import Responses
from mainspring.runs.ledger import Amounts, Settle
from mainspring.runs.purse import Purse
from mainspring.runs.stored import digest_of
from mainspring.runs.writer import Writer


class World(Protocol):
    """What a door needs to know of the world outside its run."""

    async def hold(self) -> None:
        """Make sure that this driver still has the run, before it does something.

        Raises:
            LostRun: Somebody else has.
        """
        ...

    async def arrived(self, wait: Wait, since: float) -> Response | None:
        """Give what a wait has come to; None if nothing has come yet.

        Args:
            wait: What is waited for.
            since: Since when, in seconds since the Unix epoch.
        """
        ...


class JournalDoor:
    """Lets the effects of one run happen, and keeps them in its journal.

    Args:
        history: What is known of the run.
        writer: Writes to its journal.
        world: What is outside.
        purse: What it may spend; None where no budget counts.
        responses: Replies to use again; None where that is not wanted.
        clock: Tells when replies were stored.
    """

    def __init__(
        self,
        history: History,
        writer: Writer,
        world: World,
        *,
        purse: Purse | None,
        responses: Responses | None,
        clock: Clock,
    ) -> None:
        self.is_stopping = False
        """Set to let nothing new begin; the run is parked at the next effect."""
        self._history = history
        self._writer = writer
        self._world = world
        self._purse = purse
        self._responses = responses
        self._clock = clock

    @property
    def run(self) -> str:
        """The run's id."""
        return self._writer.run

    def record(self, event: DerivedT) -> DerivedT:
        """Give what stands in the record, or add the event to it."""
        known = self._history.happened.get(event.key)
        if known is None:
            self._writer.later(event)
        found = event if known is None else cast("DerivedT", known)
        self._note(found)
        return found

    async def effect(
        self,
        intent: Intent,
        perform: Callable[[], Awaitable[OutcomeT]],
        in_doubt: Literal["retry", "ask"] | Reconcile[OutcomeT] = "retry",
    ) -> OutcomeT:
        """Give the known outcome, or come to one."""
        if isinstance(intent, ModelCalled) and (intent.key, intent.model) in self._history.too_dear:
            raise TooDear(f"model {intent.model!r} was too dear for what is left of the budget")
        known = self._history.happened.get(intent.key)
        outcome = cast("OutcomeT", known) if known is not None else await self._come_to(intent, perform, in_doubt)
        self._note(outcome)
        return outcome

    async def wait(self, intent: Wait, respond: Callable[[], Awaitable[ResponseT]]) -> ResponseT:  # noqa: ARG002 - nobody waits here
        """Give the response, or park the run until there is one."""
        known = self._history.happened.get(intent.key)
        if known is None or (isinstance(known, HumanAnswered) and not _holds(known, intent)):
            known = await self._response(intent)
        return cast("ResponseT", known)

    def knows(self, key: str) -> bool:
        """Tell whether what came of an effect stands in the journal."""
        return key in self._history.happened

    def keep(self, content: bytes) -> str:
        """Keep content under its SHA-256, durable with the next event."""
        digest = digest_of(content)
        self._writer.keep(digest, content)
        return digest

    async def _come_to(
        self,
        intent: Intent,
        perform: Callable[[], Awaitable[OutcomeT]],
        in_doubt: Literal["retry", "ask"] | Reconcile[OutcomeT],
    ) -> OutcomeT:
        if (failed := self._history.failed.get(intent.key)) is not None:
            raise named(failed.error, failed.message)
        if self.is_stopping:
            raise Parked
        if isinstance(intent, ModelCalled) and (cached := await self._cached(intent)) is not None:
            return cast("OutcomeT", cached)
        policy: DoubtPolicy | None = None
        if intent.key in self._history.begun:
            policy, outcome = await self._doubt(intent, in_doubt)
            if outcome is not None:
                self._writer.later(DoubtFound(key=intent.key, policy=policy))
                self._writer.later(outcome, self._settled(intent, None))
                return outcome
        await self._begin(intent, policy)
        return await self._perform(intent, perform)

    async def _doubt(
        self, intent: Intent, in_doubt: Literal["retry", "ask"] | Reconcile[OutcomeT]
    ) -> tuple[DoubtPolicy, OutcomeT | None]:
        """Find out about an effect that was begun; without an outcome it is to be done again."""
        if in_doubt == "retry":
            return "retry", None
        if in_doubt != "ask":
            try:
                return "reconcile", await in_doubt()
            except MainspringError:  # it could not be found out: a human has to
                pass
        n_before = self._history.doubts.get(intent.key, 0)
        call = intent.call if isinstance(intent, ToolCalled) else None
        asked = HumanAsked(
            key=f"doubt:{n_before}:{intent.key}",
            kind="in_doubt",
            question=f"{call.name if call else intent.key} was begun and its outcome is not known. Was it done?",
            call=call,
        )
        answered = self._history.happened.get(asked.key)
        if not isinstance(answered, HumanAnswered):
            answered = await self._response(asked)
        return "ask", cast("OutcomeT | None", _told(intent, cast("HumanAnswered", answered)))

    async def _begin(self, intent: Intent, policy: DoubtPolicy | None) -> None:
        """Write the intent, or that it is taken up again, and hold back what it may cost."""
        event = intent if policy is None else DoubtFound(key=intent.key, policy=policy)
        if self._purse is None:
            await self._writer.write(event)
            return
        lost = None if policy is None else Settle(intent.key)
        await self._purse.pay(intent, lambda held: self._writer.write(event, held, lost), self._response)

    async def _perform(self, intent: Intent, perform: Callable[[], Awaitable[OutcomeT]]) -> OutcomeT:
        await self._world.hold()
        wall_s = self._purse.wall_left_s() if self._purse and isinstance(intent, ModelCalled) else None
        try:
            async with nullcontext() if wall_s is None else asyncio.timeout(wall_s):
                outcome = await perform()
        except MainspringError as error:
            failed = EffectFailed(key=intent.key, error=type(error).__name__, message=str(error))
            self._writer.later(failed, self._settled(intent, spent_on_failure(error)))
            raise
        except TimeoutError:
            if self._purse is None or wall_s is None:
                raise
            await self._purse.out_of_time(intent, self._response)
            raise Parked from None
        self._writer.later(outcome, self._settled(intent, _used(outcome)))
        if isinstance(intent, ModelCalled) and isinstance(outcome, ModelReplied):
            await self._cache(intent, outcome)
        return outcome

    async def _response(self, intent: Wait) -> Response:
        """Write what is waited for, once, and give what has come by now.

        Raises:
            Parked: Nothing has.
        """
        if self.is_stopping:
            raise Parked
        begun = self._history.begun.get(intent.key)
        since = begun.at if begun is not None and begun.event == intent else await self._writer.write(intent)
        response = await self._world.arrived(intent, since)
        if response is None:
            raise Parked
        self._writer.later(response)
        return response

    async def _cached(self, intent: ModelCalled) -> ModelReplied | None:
        if self._responses is None:
            return None
        stored = await self._responses.response(intent.request_digest)
        found = None if stored is None else decode_json(stored)
        if not isinstance(found, ModelReplied):
            return None
        reply = replace(found, turn=intent.turn, usage=NOTHING, duration_s=0.0, first_token_s=None, cached=True)
        if intent.key not in self._history.begun:
            self._writer.later(intent)
        self._writer.later(reply)
        return reply

    async def _cache(self, intent: ModelCalled, reply: ModelReplied) -> None:
        if self._responses is not None and reply.decision.type != "unusable":
            await self._responses.store_response(intent.request_digest, encode(reply), self._clock.now())

    def _settled(self, intent: Intent, amounts: Amounts | None) -> Settle | None:
        return None if self._purse is None else Settle(intent.key, amounts)

    def _note(self, event: object) -> None:
        if self._purse is not None and isinstance(event, Told):
            self._purse.worst.take(event)


def _used(outcome: Outcome) -> Amounts | None:
    return spent(outcome) if isinstance(outcome, ModelReplied) else {"tool_calls": 1}


def _holds(answered: HumanAnswered, intent: Wait) -> bool:
    """Tell whether an answer is one to exactly this question."""
    return isinstance(intent, HumanAsked) and answered.digest == intent.digest


def _told(intent: Intent, answered: HumanAnswered) -> Outcome | None:
    """Make an outcome of what a human says of a call in doubt; None if it is to be made again."""
    if answered.verdict == "approve" or not isinstance(intent, ToolCalled):
        return None
    if answered.verdict != "answer":
        return left_in_doubt(intent.turn, intent.call, answered)
    value = answered.value
    text = value if isinstance(value, str) else encode(value).decode()
    result = ToolResult(call_id=intent.call.id, name=intent.call.name, text=text)
    return ToolReturned(turn=intent.turn, result=result, trusted=True, usage=ONE_TOOL_CALL, duration_s=0.0)
