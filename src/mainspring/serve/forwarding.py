"""From a client's request to a member and back, whole or piece by piece."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mainspring.core import NOTHING, Usage
from mainspring.core.errors import ModelError, ModelUnavailable, ReplyCut
from mainspring.models.chat import ChatModel
from mainspring.models.failures import Place, parse
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
_NEVER: Final = 10**8
"""Tokens that no call has: a server that says so has not counted them."""


class Gone(Exception):
    """The client went away in the middle of its reply."""


class Client(Protocol):
    """Where a streamed reply goes; either raises `Gone`."""

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
        owed: set[Try[ChatModel]] = set()
        """Members that may charge for it though nobody knows what they did."""

        async def attempt(tried: Try[ChatModel]) -> tuple[bytes, dict[str, Any]]:
            model = tried.member.endpoint
            address, body = await model.server.ready(), asked.body(model, bound)
            owed.add(tried)
            try:
                data = await post(address, asked.path, body, tried.headers)
                return data, _read(data, address, _SHAPES[asked.path])
            except ModelError:
                owed.discard(tried)
                raise

        try:
            called = await self.pool.call(attempt, session=asked.session, owner=owner)
        except BaseException:
            served.usage = None if owed else NOTHING
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
        """What came of members that may charge for it."""

        async def attempt(tried: Try[ChatModel]) -> Usage | None:
            model = tried.member.endpoint
            address, body = await model.server.ready(), asked.body(model, bound)
            flow = flows[tried] = Flow(address, wants_usage=asked.wants_usage)
            data = aclosing(post_data(address, asked.path, body, tried.headers))
            try:
                async with Progress(model.progress_s) as progress, data as batches:
                    async for batch in batches:
                        await self._pass_on(flow.take(batch), tried, served, client, progress)
                    await self._pass_on(flow.end(), tried, served, client, progress)
            except ModelError as error:
                if tried.is_committed:
                    raise ReplyCut(str(error)) from error
                del flows[tried]
                raise
            return flow.usage

        try:
            called = await self.pool.call(attempt, session=asked.session, owner=owner)
        except BaseException:
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
        began_s = self.pool.now()
        try:
            await client.write(events)
        finally:
            tried.started_s += self.pool.now() - began_s
        progress.made()

    def _settle(self, served: Served, asked: Asked, called: Called[ChatModel, Any], told: Usage) -> None:
        is_told = 0 < told.input_tokens < _NEVER and told.output_tokens < _NEVER
        answered = told if is_told else Usage(model_calls=1, cost_usd=None)
        if is_told:
            seen = asked.n_bytes / answered.input_tokens
            self._bytes_per_token += _ALPHA * (seen - self._bytes_per_token)
        served.member = called.member.name
        priced = called.member.endpoint.priced(answered)
        usage = charged(called, priced, is_streamed=asked.is_streamed)
        served.usage = usage if is_told else None

    def _cut_off(self, asked: Asked, flows: Mapping[Try[ChatModel], Flow]) -> Usage:
        """Estimate what a stream used that was cut off before the server counted: the prompt, and what had come."""
        usage = NOTHING
        for tried, flow in flows.items():
            read = min(asked.n_bytes, max(1, round(asked.n_bytes / self._bytes_per_token)))
            written = flow.n_content if tried.is_committed else 0
            guess = Usage(input_tokens=read, output_tokens=written, model_calls=1)
            cut = tried.member.endpoint.priced(flow.usage or guess)
            tried.member.counts.add(cut)
            usage += cut
        return usage


def _read(data: bytes, place: Place, shape: str) -> dict[str, Any]:
    reply = parse(data, place)
    if not isinstance(reply.get(shape), list):
        start = place.hide(data[:80].decode(errors="replace"))
        raise ModelUnavailable(f"model server {place.base_url} answered something else: {start}")
    return reply


def as_events(events: Sequence[bytes]) -> bytes:
    """Write the data of server-sent events."""
    return b"".join([b"data: " + data + b"\n\n" for data in events])
