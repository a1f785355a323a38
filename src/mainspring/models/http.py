"""HTTP to model servers: one aiohttp session for each event loop, deadlines, and errors with a name.

What a status means is said here once: 408, 409, 425, 429 and 5xx may pass (`ModelUnavailable`), any other 4xx
is the caller's to mend (`ModelRefused`). Keys are sent, never shown.
"""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import orjson

from mainspring.core.errors import ModelRefused, ModelUnavailable

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

CONNECT_TIMEOUT_S: Final = 10.0
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


@cache
def _proxy(base_url: str) -> str | None:
    """Give the proxy that the environment names for a server; read once, since aiohttp would read it every call."""
    parts = urlsplit(base_url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


@asynccontextmanager
async def post(address: Address, path: str, body: bytes) -> AsyncIterator["ClientResponse"]:
    """Send JSON and give the response, its status known to be good.

    Raises:
        ModelRefused: The request cannot succeed as it is.
        ModelUnavailable: The server cannot be reached or asks for patience.
    """
    import aiohttp

    headers = {"Content-Type": "application/json"}
    if address.api_key:
        headers["Authorization"] = f"Bearer {address.api_key}"
    data = io.BytesIO(body) if len(body) >= _LARGE_BODY_BYTES else body
    try:
        opened = await session()
        url = address.base_url + path
        async with opened.post(url, data=data, headers=headers, proxy=_proxy(address.base_url)) as response:
            if response.status != 200:
                raise _refusal(response.status, response.headers, await response.read(), address)
            yield response
    except aiohttp.ClientError as error:
        raise ModelUnavailable(
            f"model server {address.base_url} cannot be reached or broke off ({type(error).__name__}: {error}); "
            "check that it runs and that the base URL is right"
        ) from error


async def post_json(address: Address, path: str, body: bytes) -> dict[str, Any]:
    """Send JSON and give the JSON object that comes back."""
    async with post(address, path, body) as response:
        return parse(await response.read(), address)


async def post_events(address: Address, path: str, body: bytes) -> AsyncIterator[dict[str, Any]]:
    """Send JSON and give each server-sent event's JSON object, until `[DONE]`."""
    async with post(address, path, body) as response:
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
                    return
                yield parse(data, address)


def parse(data: bytes, address: Address) -> dict[str, Any]:
    """Read a JSON object; a web page, half a document or an error object in its place is named as such."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        start = data[:80].decode(errors="replace")
        raise ModelUnavailable(
            f"model server {address.base_url} answered something that is not JSON ({start!r}); "
            "is the base URL right?"
        ) from error
    if not isinstance(value, dict):
        raise ModelUnavailable(
            f"model server {address.base_url} answered JSON that is not an object: {value!r:.80}"
        )
    if value.get("error"):
        raise ModelUnavailable(f"model server {address.base_url} reported an error: {_message(data)}")
    return value


def _refusal(
    status: int, headers: Mapping[str, str], body: bytes, address: Address
) -> ModelRefused | ModelUnavailable:
    message = f"model server {address.base_url} answered {status}: {_message(body)}"
    if status in _MAY_PASS or status >= 500:
        return ModelUnavailable(message, retry_after_s=_retry_after_s(headers))
    hint = _HINTS.get(status)
    return ModelRefused(f"{message} ({hint})" if hint else message)


def _message(body: bytes) -> str:
    """Find the words in an error body, in OpenAI's shape or whatever it is."""
    try:
        value = orjson.loads(body)
        error = value.get("error", value)
        return str(error.get("message", error) if isinstance(error, dict) else error)[:500]
    except (orjson.JSONDecodeError, AttributeError):
        return body[:200].decode(errors="replace").strip() or "no words"


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
    except (ValueError, KeyError):
        return None
