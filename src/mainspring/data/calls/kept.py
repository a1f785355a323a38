"""A model whose replies are kept in a store under what was asked: the same words are paid for once.

A reply depends on the model, the messages, the form of the answer and the sampling; so an edited prompt asks anew
only where its words, or words that came of them, are said, and everything else is known. A process that is killed
has lost the calls that were under way, and no other.
"""

import asyncio
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from pydantic_core import to_json

from mainspring.core import (
    NOTHING,
    Clock,
    Conversation,
    Message,
    Model,
    OnDelta,
    Options,
    Reply,
    Request,
    Usage,
    decode_json,
    encode,
)
from mainspring.core.errors import MainspringError, ModelTimeout
from mainspring.core.events import ModelReplied
from mainspring.data.calls.pace import Pace
from mainspring.data.calls.purse import Purse
from mainspring.runs.journal import Responses

_READING: Final = 0.1
"""Work of reading a token, in that of writing one."""


@dataclass(slots=True)
class Tally:
    """What calls of a model came to in this process."""

    asked: Usage = NOTHING
    """Of calls that were made."""
    known: Usage = NOTHING
    """Of calls that were made before, and did not have to be made again."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.asked + other.asked, self.known + other.known)


class KeptModel:
    """Asks a model, and keeps what it says; the usage of a reply is what it took when it was made.

    Args:
        model: The model.
        responses: Where replies are kept.
        pace: How many calls may be under way.
        clock: Tells how long calls take.
        purse: Pays for them; nobody if not given.
    """

    def __init__(
        self, model: Model, responses: Responses, *, pace: Pace, clock: Clock, purse: Purse | None = None
    ) -> None:
        self.name = model.name
        self.tally = Tally()
        self._model = model
        self._responses = responses
        self._pace = pace
        self._clock = clock
        self._purse = purse
        self._under_way: dict[str, asyncio.Event] = {}
        self._forms: WeakKeyDictionary[Options, bytes] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"KeptModel({self._model!r})"

    def key(self, request: Request) -> str:
        """Give the digest of everything that a reply depends on."""
        said = request.messages
        conversation = said if isinstance(said, Conversation) else Conversation(said)
        return conversation.digest(
            self.name.encode(), b"\0", self._form(request.options), to_json(request.sampling)
        )

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Give the kept reply, or ask for one; nothing is told while it is written.

        Raises:
            ModelError: No usable reply came.
            BudgetError: What is left of the budget does not cover the call.
            JournalError: The store cannot be read or written.
        """
        del on_delta
        key = self.key(request)
        while (under_way := self._under_way.get(key)) is not None:
            await under_way.wait()
        done = self._under_way[key] = asyncio.Event()
        try:
            stored = await self._responses.response(key)
            return await self._asked(key, request) if stored is None else self._known(stored)
        finally:
            del self._under_way[key]
            done.set()

    def _known(self, stored: bytes) -> Reply:
        replied = decode_json(stored)
        assert isinstance(replied, ModelReplied)  # noqa: S101 - nothing else is kept under a request's digest
        self.tally.known += replied.usage
        message = Message(role="assistant", parts=replied.decision.parts, label=replied.label, raw=replied.raw)
        return Reply(message, replied.decision, replied.usage, replied.finish_reason, replied.model, replied.member)

    async def _asked(self, key: str, request: Request) -> Reply:
        began_s = self._clock.monotonic()
        reply = await self._pace.call(lambda: self._paid(key, request), _work)
        replied = ModelReplied(
            turn=request.turn,
            model=reply.model,
            member=reply.member,
            decision=reply.decision,
            label=reply.message.label,
            raw=reply.message.raw,
            finish_reason=reply.finish_reason,
            usage=reply.usage,
            duration_s=self._clock.monotonic() - began_s,
        )
        await self._responses.store_response(key, encode(replied), self._clock.now())
        if self._purse is not None:
            await self._purse.settle(key, reply.usage)
        self.tally.asked += reply.usage
        return reply

    async def _paid(self, key: str, request: Request) -> Reply:
        """Make the call with its worst case held back; what was not used is given back."""
        purse = self._purse
        if purse is None:
            return await self._model.ask(request)
        await purse.hold(key, self._model, request)
        try:
            return await self._model.ask(request)
        except ModelTimeout:
            await purse.settle(key, None)
            raise
        except MainspringError:
            await purse.free(key)
            raise

    def _form(self, options: Options) -> bytes:
        known = self._forms.get(options)
        if known is None:
            tools = [(spec.name, spec.description, spec.parameters) for spec in options.tools]
            shown = (tools, options.answer, options.must_answer, options.max_calls)
            known = self._forms[options] = to_json(shown)
        return known


def _work(reply: Reply) -> float:
    """Say how much work a reply was: its tokens, those that were read for less."""
    return reply.usage.output_tokens + _READING * reply.usage.input_tokens
