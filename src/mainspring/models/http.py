"""HTTP to model servers: one aiohttp session for each event loop, deadlines, and errors with a name.

What a status means is said here once: 408, 409, 425, 429 and 5xx may pass (`ModelUnavailable`), any other 4xx
is the caller's to mend (`ModelRefused`). Keys are sent, never shown.
"""

import asyncio
import contextlib
import io
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import orjson

from mainspring.core.errors import ModelRefused, ModelUnavailable

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

CONNECT_TIMEOUT_S: Final = 10.0
_DRAIN_S: Final = 0.2
_MAY_PASS: Final = frozenset({408, 409, 425, 429})
_LARGE_BODY_BYTES: Final = 1 << 20
_HINTS: Final = {
    401: "check the API key",
    403: "the key may not use this model",
    404: "check the model's name and that the base URL ends in /v1",
}


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


async def post_json(address: Address, path: str, body: bytes) -> dict[str, Any]:
    """Send JSON and give the JSON object that comes back.

    Raises:
        ModelRefused: The request cannot succeed as it is.
        ModelUnavailable: The server cannot be reached, asks for patience, or answers nonsense.
    """
    try:
        async with await _post(address, path, body) as response:
            data = await response.read()
    except _client_error() as error:
        raise _unreachable(address, error) from error
    if response.status != 200:
        raise _refusal(response.status, response.headers, data, address)
    return parse(data, address)


async def post_events(address: Address, path: str, body: bytes) -> AsyncIterator[dict[str, Any]]:
    """Send JSON and give each server-sent event's JSON object until `[DONE]`; errors are those of `post_json`."""
    try:
        async with await _post(address, path, body) as response:
            if response.status != 200:
                raise _refusal(response.status, response.headers, await response.read(), address)
            if response.content_type == "application/json":  # a server that does not stream answers at once
                yield parse(await response.read(), address)
                return
            rest = b""
            async for chunk in response.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if not line.startswith(b"data:"):
                        continue
                    data = line[5:].strip()
                    if data == b"[DONE]":
                        await _drain(response)
                        return
                    yield parse(data, address)
    except _client_error() as error:
        raise _unreachable(address, error) from error


async def _post(address: Address, path: str, body: bytes) -> AbstractAsyncContextManager["ClientResponse"]:
    url, headers, proxy = _target(address, path)
    data = io.BytesIO(body) if len(body) >= _LARGE_BODY_BYTES else body
    return (await session()).post(url, data=data, headers=headers, proxy=proxy)


async def _drain(response: "ClientResponse") -> None:
    """Read to the end of a response of which all is known, so that its connection can be used again."""
    with contextlib.suppress(TimeoutError, _client_error()):
        async with asyncio.timeout(_DRAIN_S):
            await response.content.read()


@lru_cache(maxsize=256)
def _target(address: Address, path: str) -> tuple[str, dict[str, str], str | None]:
    """Give URL, headers and proxy, all worked out once: aiohttp would read the environment at every call."""
    headers = {"Content-Type": "application/json"}
    if address.api_key:
        headers["Authorization"] = f"Bearer {address.api_key}"
    parts = urlsplit(address.base_url)
    proxy = None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
    return address.base_url + path, headers, proxy


@cache
def _client_error() -> type[Exception]:
    from aiohttp import ClientError

    return ClientError


def _unreachable(address: Address, error: Exception) -> ModelUnavailable:
    return ModelUnavailable(
        f"model server {address.base_url} cannot be reached or broke off "
        f"({type(error).__name__}: {address.hide(str(error))}); check that it runs and that the base URL is right"
    )


def parse(data: bytes, address: Address) -> dict[str, Any]:
    """Read a JSON object; a web page, half a document or an error object in its place is named as such."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        start = address.hide(data.decode(errors="replace"))[:80]
        raise ModelUnavailable(
            f"model server {address.base_url} answered something that is not JSON ({start!r}); "
            "is the base URL right?"
        ) from error
    if not isinstance(value, dict):
        raise ModelUnavailable(
            f"model server {address.base_url} answered JSON that is not an object: {address.hide(repr(value)):.80}"
        )
    if value.get("error"):
        raise ModelUnavailable(f"model server {address.base_url} reported an error: {_message(data, address)}")
    return value


def _refusal(
    status: int, headers: Mapping[str, str], body: bytes, address: Address
) -> ModelRefused | ModelUnavailable:
    message = f"model server {address.base_url} answered {status}: {_message(body, address)}"
    if status in _MAY_PASS or status >= 500:
        return ModelUnavailable(message, retry_after_s=_retry_after_s(headers))
    hint = _HINTS.get(status)
    return ModelRefused(f"{message} ({hint})" if hint else message)


def _message(body: bytes, address: Address) -> str:
    """Find the words in an error body, in OpenAI's shape or whatever it is."""
    try:
        value = orjson.loads(body)
        error = value.get("error", value)
        return address.hide(str(error.get("message", error) if isinstance(error, dict) else error))[:500]
    except (orjson.JSONDecodeError, AttributeError):
        return address.hide(body.decode(errors="replace"))[:200].strip() or "no words"


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After: seconds, or a date to be compared with the server's own."""
    given = headers.get("Retry-After")
    if given is None:
        return None
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(given) - parsedate_to_datetime(headers["Date"])).total_seconds())
    except (TypeError, ValueError, KeyError):  # a date without a time zone cannot be compared with one that has it
        return None
