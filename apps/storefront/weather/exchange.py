"""One GET to a provider of weather: its bytes, or an error with a name.

What it keeps true: sessions live as long as their event loop, an answer has a size at which it is given up, and the
key that was sent is in no error's words.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar

from apps.storefront.weather.errors import ProviderUnreachable

_MAX_ANSWER_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[AsyncGenerator[ClientSession, None], ClientSession]]
_sessions = WeakKeyDictionary()


async def get(url: str, query: Mapping[str, str]) -> Reply:
    """Fetch something small; the deadline is the caller's.

    Raises:
        ProviderUnreachable: No connection, one that broke off, or an answer without an end.
    """
    try:
        async with (await _session()).get(url, params=query, allow_redirects=False) as response:
            return Reply(response.status, response.headers, await _whole(response, url))
    except ProviderUnreachable:  # it is an OSError too
        raise
    except (ClientError, OSError) as error:
        # The error's own words may hold the whole address, and with it the key.
        raise ProviderUnreachable(f"{url} cannot be reached ({type(error).__name__})") from None


async def _whole(response: ClientResponse, url: str) -> bytes:
    pieces, n_bytes = [], 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        n_bytes += len(piece)
        if n_bytes > _MAX_ANSWER_BYTES:
            raise ProviderUnreachable(f"{url} sent more than {_MAX_ANSWER_BYTES >> 20} MiB without an end")
    return b"".join(pieces)


async def _session() -> ClientSession:
    """Give the running loop's session, opened at the first use and closed with the loop."""
    loop = asyncio.get_running_loop()
    held = _sessions.get(loop)
    if held is None or held[1].closed:
        # An asynchronous generator that is still open is closed by the loop's own shutdown, and the session in it.
        generator = _open_session()
        held = _sessions[loop] = (generator, await anext(generator))
    return held[1]


async def _open_session() -> AsyncGenerator[ClientSession, None]:
    timeout = ClientTimeout(total=None)
    async with ClientSession(timeout=timeout, cookie_jar=DummyCookieJar(), trust_env=True) as opened:
        yield opened
