"""HTTP to model servers: one aiohttp session for each event loop, whole replies and server-sent events.

Errors are those of `failures`. Keys are sent, never shown. A reply or an event that does not end is given up at a
size that no reply has.
"""

import asyncio
import contextlib
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

from mainspring.core.errors import ModelUnavailable
from mainspring.models.failures import client_error, parse, refusal, unreachable

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from multidict import CIMultiDict
    from yarl import URL

CONNECT_TIMEOUT_S: Final = 10.0
MAX_REPLY_BYTES: Final = 64 << 20
_DRAIN_S: Final = 0.2
_LARGE_BODY_BYTES: Final = 1 << 20

OnHeaders = Callable[[Mapping[str, str]], None]
"""Told the headers of a reply with status 200, in which servers speak of their rate limits."""


class Watch(Protocol):
    """Whoever wants to know how a call goes before it ends."""

    def headers(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of a reply with status 200."""
        ...

    def commit(self) -> None:
        """Take in that the first content of a streamed reply has come, before anybody else is told."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    base_url: str
    """Up to and including `/v1`."""
    api_key: str | None = field(default=None, repr=False)

    def hide(self, words: str) -> str:
        """Take the key out of words in which a server may have said it again."""
        return words.replace(self.api_key, "***") if self.api_key else words


class Server(Protocol):
    """Something that listens, and may have to be started first."""

    async def ready(self) -> Address:
        """Give the address, once somebody answers there."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """A server that somebody else runs."""

    address: Address

    async def ready(self) -> Address:
        """Give the address."""
        return self.address


_sessions: WeakKeyDictionary[
    asyncio.AbstractEventLoop, tuple[AsyncGenerator["ClientSession", None], "ClientSession"]
]
_sessions = WeakKeyDictionary()


async def session() -> "ClientSession":
    """Give the running loop's session, opened at the first use and closed with the loop."""
    loop = asyncio.get_running_loop()
    held = _sessions.get(loop)
    if held is None or held[1].closed:
        # An asynchronous generator that is still open is closed by the loop's own shutdown, and the session in it.
        generator = _open_session()
        held = _sessions[loop] = (generator, await anext(generator))
    return held[1]


async def _open_session() -> AsyncGenerator["ClientSession", None]:
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

    timeout = ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S)
    async with ClientSession(
        connector=TCPConnector(limit=0), timeout=timeout, cookie_jar=DummyCookieJar()
    ) as opened:
        yield opened


async def post(address: Address, path: str, body: bytes, on_headers: OnHeaders | None = None) -> bytes:
    """Send JSON and give the bytes that come back with status 200.

    Raises:
        ModelRefused: The request cannot succeed as it is.
        ModelUnavailable: The server cannot be reached, asks for patience, or breaks off.
    """
    # Not `_exchange`: every call of a model would pay for one generator more.
    try:
        async with _sent(await session(), address, "POST", path, body) as response:
            if response.status != 200:
                raise refusal(response.status, response.headers, await _whole(response, address), address)
            if on_headers is not None:
                on_headers(response.headers)
            return await _whole(response, address)
    except client_error() as error:
        raise unreachable(address, error) from error


async def get(address: Address, path: str) -> bytes:
    """Fetch something small, as the list of models; errors are those of `post`."""
    async with _exchange(address, "GET", path) as response:
        return await _whole(response, address)


async def post_json(
    address: Address, path: str, body: bytes, on_headers: OnHeaders | None = None
) -> dict[str, Any]:
    """Send JSON and give the JSON object that comes back; errors are those of `post`, and of `parse`."""
    return parse(await post(address, path, body, on_headers), address)


async def post_events(
    address: Address, path: str, body: bytes, on_headers: OnHeaders | None = None
) -> AsyncGenerator[Iterator[dict[str, Any]], None]:
    """Send JSON and give the JSON objects of server-sent events until `[DONE]`, those that came together as one.

    Errors are those of `post_json`. To be closed, as `post_data` is: whoever leaves off in the middle keeps the
    connection otherwise.
    """
    batches = post_data(address, path, body, on_headers)
    async with contextlib.aclosing(batches):
        async for batch in batches:
            yield (parse(data, address) for data in batch)


async def post_data(
    address: Address, path: str, body: bytes, on_headers: OnHeaders | None = None
) -> AsyncGenerator[list[bytes], None]:
    """Send JSON and give the data of server-sent events until `[DONE]`, those that came together in one list.

    A server that does not stream gives its whole reply as one. Errors are those of `post`.
    """
    async with _exchange(address, "POST", path, body) as response:
        if on_headers is not None:
            on_headers(response.headers)
        if response.content_type == "application/json":
            yield [await _whole(response, address)]
            return
        rest = b""
        async for chunk in response.content.iter_any():
            *lines, rest = (rest + chunk).split(b"\n")
            found = [line[5:].strip() for line in lines if line.startswith(b"data:")]
            if b"[DONE]" in found:
                if said := found[: found.index(b"[DONE]")]:
                    yield said
                await _drain(response)
                return
            if found:
                yield found
            if len(rest) > MAX_REPLY_BYTES:
                raise _endless(address)


@asynccontextmanager
async def _exchange(
    address: Address, method: str, path: str, body: bytes | None = None
) -> AsyncIterator["ClientResponse"]:
    """Send a request and give the response whose status is 200."""
    try:
        async with _sent(await session(), address, method, path, body) as response:
            if response.status != 200:
                raise refusal(response.status, response.headers, await _whole(response, address), address)
            yield response
    except client_error() as error:
        raise unreachable(address, error) from error


def _sent(
    opened: "ClientSession", address: Address, method: str, path: str, body: bytes | None
) -> AbstractAsyncContextManager["ClientResponse"]:
    url, headers, proxy = _target(address, path)
    data = io.BytesIO(body) if body is not None and len(body) >= _LARGE_BODY_BYTES else body
    return opened.request(method, url, data=data, headers=headers, proxy=proxy)


async def _whole(response: "ClientResponse", address: Address) -> bytes:
    if (n_bytes := response.content_length) is not None:
        if n_bytes > MAX_REPLY_BYTES:
            raise _endless(address)
        return await response.read()
    pieces, n_bytes = [], 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        n_bytes += len(piece)
        if n_bytes > MAX_REPLY_BYTES:
            raise _endless(address)
    return b"".join(pieces)


def _endless(address: Address) -> ModelUnavailable:
    return ModelUnavailable(
        f"model server {address.base_url} sent more than {MAX_REPLY_BYTES >> 20} MiB without an end"
    )


async def _drain(response: "ClientResponse") -> None:
    """Read to the end of a response of which all is known, so that its connection can be used again."""
    with contextlib.suppress(TimeoutError, client_error()):
        async with asyncio.timeout(_DRAIN_S):
            await response.content.read()


@lru_cache(maxsize=256)
def _target(address: Address, path: str) -> tuple["URL", "CIMultiDict[str]", str | None]:
    """Give URL, headers and proxy, all worked out once: aiohttp would read the environment at every call."""
    from multidict import CIMultiDict
    from yarl import URL

    headers = CIMultiDict({"Content-Type": "application/json"})
    if address.api_key:
        headers["Authorization"] = f"Bearer {address.api_key}"
    parts = urlsplit(address.base_url)
    proxy = None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
    return URL(address.base_url + path), headers, proxy
