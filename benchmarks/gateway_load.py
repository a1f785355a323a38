"""The load on a gateway: connections that are kept open, each with one request under way at any time.

It speaks just enough HTTP/1.1 to read a reply of either kind to its end, so that it can make more requests than any
gateway can take. Every reply is read as a client would read it, and must say what the server said.
"""

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import orjson

from benchmarks.client_contender import messages
from benchmarks.instant_server import PIECES, TEXT
from benchmarks.scripted_server import HEAD_END, content_length

_LAST_CHUNK: Final = b"\r\n0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of requests."""

    model: str
    is_stream: bool
    most: int
    """Requests at most."""
    concurrency: int
    """How many are under way at once."""


@dataclass(slots=True)
class Load:
    """Requests of one kind, until there are enough of them or the time is over.

    Args:
        port: Where the gateway listens.
        kind: What is asked, and how much.
        limit_s: Seconds after which none is begun any more; those under way are waited for.
    """

    port: int
    kind: Kind
    limit_s: float
    n_done: int = 0
    wall_s: float = 0.0
    """How long it took, set in the end."""
    _n_begun: int = 0
    _started_s: float = field(default_factory=time.perf_counter)

    async def run(self) -> None:
        """Make the requests; the first reply that is not right ends it.

        Raises:
            ConnectionError: A connection was closed before the reply was complete.
            AssertionError: A reply did not say what the server said.
        """
        loop = asyncio.get_running_loop()
        self._started_s = time.perf_counter()
        opened = await asyncio.gather(
            *(
                loop.create_connection(partial(Connection, self), "127.0.0.1", self.port)
                for _ in range(self.kind.concurrency)
            )
        )
        try:
            await asyncio.gather(*(connection.ended for _, connection in opened))
        finally:
            for transport, _ in opened:
                transport.close()
        self.wall_s = time.perf_counter() - self._started_s

    def begins(self) -> bool:
        """Take the right to begin one more request, where there is one."""
        if self._n_begun >= self.kind.most or time.perf_counter() - self._started_s > self.limit_s:
            return False
        self._n_begun += 1
        return True

    def request(self) -> bytes:
        """Give the bytes of a request."""
        asked: dict[str, Any] = {"model": self.kind.model, "messages": messages()}
        if self.kind.is_stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
        body = orjson.dumps(asked)
        return (
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer none\r\nContent-Length: %d\r\n\r\n%b" % (self.port, len(body), body)
        )


class Connection(asyncio.Protocol):
    """Makes one request after the other."""

    def __init__(self, load: Load) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._load = load
        self._request = load.request()
        self._data = bytearray()
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport  # type: ignore[assignment]  # a TCP client's transport can write
        self._next()

    def data_received(self, data: bytes) -> None:
        """Go on with the next request when a reply is complete and right."""
        self._data += data
        if (reply := _complete(self._data)) is None or self.ended.done():
            return
        try:
            _check(reply, is_stream=self._load.kind.is_stream)
        except (AssertionError, ValueError, LookupError) as error:
            self.ended.set_exception(AssertionError(f"{error!r} in {reply[:300]!r}"))
            return
        self._load.n_done += 1
        self._data.clear()
        self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        """Fail if a reply was under way."""
        if not self.ended.done():
            self.ended.set_exception(ConnectionError("the gateway closed a connection"))

    def _next(self) -> None:
        if self._load.begins():
            self._transport.write(self._request)
        else:
            self.ended.set_result(None)


def _complete(data: bytearray) -> bytes | None:
    """Give a whole reply, its head and its body without the framing; None where there is more to come."""
    head_end = data.find(HEAD_END)
    if head_end < 0:
        return None
    head, body_start = bytes(data[:head_end]), head_end + len(HEAD_END)
    if b"transfer-encoding: chunked" in head.lower():
        if not data.endswith(_LAST_CHUNK):
            return None
        return head + HEAD_END + _unframed(bytes(data), body_start)
    return bytes(data) if len(data) >= body_start + content_length(head) else None


def _unframed(data: bytes, place: int) -> bytes:
    pieces: list[bytes] = []
    while True:
        line_end = data.index(b"\r\n", place)
        n_bytes = int(data[place:line_end], 16)
        if not n_bytes:
            return b"".join(pieces)
        pieces.append(data[line_end + 2 : line_end + 2 + n_bytes])
        place = line_end + 4 + n_bytes


def _check(reply: bytes, *, is_stream: bool) -> None:
    head, _, body = reply.partition(HEAD_END)
    assert head.split(b" ", 2)[1] == b"200", "the gateway refused"
    if not is_stream:
        assert orjson.loads(body)["choices"][0]["message"]["content"] == TEXT, "another text"
        return
    events = [orjson.loads(line[6:]) for line in body.split(b"\n") if line.startswith(b"data: {")]
    deltas = [choice["delta"].get("content") for event in events for choice in event["choices"]]
    assert tuple(delta for delta in deltas if delta) == PIECES, "other pieces"
