"""From a client's request to a member and back, whole or piece by piece."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson

from mainspring.core import NOTHING, Usage
from mainspring.core.errors import ModelTimeout, ModelUnavailable, ReplyCut
from mainspring.models.chat import ChatModel
from mainspring.models.failures import parse
from mainspring.models.http import post, post_data
from mainspring.models.pool.call import Called, Try
from mainspring.models.pool.member import Member
from mainspring.models.pool.model import charged
from mainspring.models.pool.pool import Pool
from mainspring.models.progress import Progress
from mainspring.models.stream import read_usage
from mainspring.serve.asked import Asked
from mainspring.serve.flow import Flow

_SHAPES: Final = {"/chat/completions": "choices", "/embeddings": "data"}
"""What a reply has to have."""
_BYTES_PER_TOKEN: Final = 4.0
_ALPHA: Final = 0.1


class Client(Protocol):
    """Where a streamed reply goes."""

    async def begin(self, member: Member[ChatModel]) -> None:
        """Say that there will be a reply, and from whom."""
        ...

    async def write(self, events: Sequence[bytes]) -> None:
        """Pass the data of events on."""
        ...


@dataclass(slots=True)
class Served:
    """How a request went, as far as it went."""

    member: str = ""
    n_sent: int = 0
    """How many members it was sent to."""
    first_s: float | None = None
    """Seconds to the first content of a stream."""
    usage: Usage | None = NOTHING
    """What it used, an estimate where a stream was cut off; None where nobody knows."""


class Forwarder:
    """Sends requests to the members of one model.

    Args:
        pool: The members.
    """

    def __init__(self, pool: Pool[ChatModel]) -> None:
        self.pool = pool
        self._bytes_per_token = _BYTES_PER_TOKEN
        """What requests to this model hold per token, learned from what servers count."""

    async def whole(self, asked: Asked, owner: str, bound: int | None, served: Served) -> bytes:
        """Have a request answered, and give the reply as the member sent it.

        Args:
            asked: The request.
            owner: Who sends it.
            bound: A bound on the reply's tokens where the request has none.
            served: Told how it went.

        Raises:
            ModelError: Nobody could answer it.
        """

        async def attempt(tried: Try[ChatModel]) -> tuple[bytes, dict[str, Any]]:
            model = tried.member.endpoint
            address = await model.server.ready()
            data = await post(address, asked.path, asked.body(model, bound), tried.headers)
            reply = parse(data, address)
            if not isinstance(reply.get(_SHAPES[asked.path]), list):
                start = address.hide(data[:80].decode(errors="replace"))
                raise ModelUnavailable(f"model server {address.base_url} answered something else: {start}")
            return data, reply

        try:
            called = await self.pool.call(attempt, session=asked.session, owner=owner)
        except (ModelTimeout, asyncio.CancelledError):
            served.usage = None
            raise
        data, reply = called.value
        self._settle(served, asked, called, read_usage(reply.get("usage")))
        return data

    async def streamed(self, asked: Asked, owner: str, bound: int | None, served: Served, client: Client) -> None:
        """Have a request answered piece by piece; the arguments are those of `whole`.

        Raises:
            ModelError: Nobody could answer it, or the reply broke off.
        """
        flows: dict[Try[ChatModel], Flow] = {}

        async def attempt(tried: Try[ChatModel]) -> Usage | None:
            model = tried.member.endpoint
            address = await model.server.ready()
            flow = flows[tried] = Flow(address, wants_usage=asked.wants_usage)
            data = post_data(address, asked.path, asked.body(model, bound), tried.headers)
            try:
                async with Progress(model.progress_s) as progress, aclosing(data) as batches:  # type: ignore[type-var]
                    async for batch in batches:
                        await self._pass_on(flow.take(batch), tried, served, client, progress)
            except ModelUnavailable as error:
                if tried.is_committed:
                    raise ReplyCut(str(error)) from error
                raise
            if not flow.has_finished:
                kind = ReplyCut if tried.is_committed else ModelUnavailable
                raise kind(f"model server {address.base_url} broke off its stream before the reply was complete")
            await self._pass_on(flow.rest(), tried, served, client, progress)
            return flow.usage

        try:
            called = await self.pool.call(attempt, session=asked.session, owner=owner)
        except (ModelTimeout, ReplyCut, asyncio.CancelledError):
            served.usage = self._cut_off(asked, flows)
            raise
        self._settle(served, asked, called, called.value or Usage(model_calls=1, cost_usd=None))

    async def _pass_on(
        self, events: list[bytes], tried: Try[ChatModel], served: Served, client: Client, progress: Progress
    ) -> None:
        """Pass events on to the client; how long it takes to read them is not the member's affair."""
        if not events:
            return
        progress.stop()
        if not tried.is_committed:
            tried.commit()
            served.member = tried.member.name
            served.first_s = self.pool.now() - tried.started_s
            await client.begin(tried.member)
        await client.write(events)
        progress.made()

    def _settle(self, served: Served, asked: Asked, called: Called[ChatModel, Any], answered: Usage) -> None:
        if answered.input_tokens:
            seen = asked.n_bytes / answered.input_tokens
            self._bytes_per_token += _ALPHA * (seen - self._bytes_per_token)
        served.member = called.member.name
        served.n_sent = called.n_sent
        priced = called.member.endpoint.priced(answered)
        usage = charged(called, priced, is_streamed=asked.is_streamed)
        served.usage = usage if answered.input_tokens else None

    def _cut_off(self, asked: Asked, flows: Mapping[Try[ChatModel], Flow]) -> Usage:
        """Estimate what a stream used that was cut off before the server counted: the prompt, and what had come."""
        usage = NOTHING
        for tried, flow in flows.items():
            read = max(1, round(asked.n_bytes / self._bytes_per_token))
            written = flow.n_content if tried.is_committed else 0
            cut = tried.member.endpoint.priced(Usage(input_tokens=read, output_tokens=written, model_calls=1))
            tried.member.counts.add(cut)
            usage += cut
        return usage


def as_events(events: Sequence[bytes]) -> bytes:
    """Write the data of server-sent events."""
    return b"".join([b"data: " + data + b"\n\n" for data in events])


def as_error(message: str, kind: str) -> bytes:
    """Write the event with which a stream ends that broke off."""
    return as_events([orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": None}})])
