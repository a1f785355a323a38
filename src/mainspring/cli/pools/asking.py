"""Ask a gateway how its pools stand.

What it keeps true: a gateway that does not run is one thing, something there that is no gateway another; the key is
sent, never shown.
"""

import asyncio
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from pydantic import BaseModel, ValidationError

from mainspring.core.errors import ConfigError, MainspringError
from mainspring.models.config import FILE_NAME
from mainspring.models.failures import words
from mainspring.models.http import Address, session
from mainspring.models.pool.status import PoolStatus
from mainspring.serve import GatewaySettings

VARIABLE: Final = "MAINSPRING_GATEWAY_KEY"
_DEADLINE_S: Final = 5.0
_MAX_ANSWER_BYTES: Final = 16 << 20
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask one that listens everywhere
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NOBODY_BEHIND: Final = frozenset({502, 503, 504})
"""What a proxy answers whose gateway is gone."""


class NoGateway(MainspringError):
    """No gateway runs there."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a gateway is, or would be."""

    address: Address
    start: str
    """How to start one."""

    @property
    def url(self) -> str:
        """The gateway's address."""
        return self.address.base_url


def door(url: str | None, settings: GatewaySettings) -> Door:
    """Give the gateway to ask: that of the URL, or the one that the settings describe.

    Raises:
        ConfigError: That is no address, or the key cannot be sent.
    """
    key = os.environ.get(VARIABLE, "").strip() or None
    if key is not None and not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{VARIABLE} holds characters that no header may have; is it a key?")
    if url is not None:
        return _given(url, key)
    if settings.port == 0:
        raise ConfigError(f"gateway.port is 0 in {FILE_NAME}, any free one: say which it is, with --url")
    host = _ANYWHERE.get(settings.host, settings.host)
    scheme = "http" if settings.tls_cert is None else "https"
    place = f"[{host}]" if ":" in host else host
    return Door(Address(f"{scheme}://{place}:{settings.port}", key), "start one with `mainspring gateway`")


async def ask(asked: Door) -> tuple[PoolStatus, ...]:
    """Ask a gateway.

    Raises:
        NoGateway: Nobody answers there.
        ConfigError: It does not know the key, its certificate is not trusted, or it is no gateway.
    """
    with _in_words(asked.url):
        async with asyncio.timeout(_DEADLINE_S):
            status, body = await _fetched(asked.address)
    if status == 200:
        return _read(body, asked.url)
    if status in _NOBODY_BEHIND:
        raise NoGateway(f"a proxy there answered {status}")
    if status == 401:
        wrong = "does not know the key in" if asked.address.api_key else "wants a key; set the environment variable"
        raise ConfigError(f"the gateway at {asked.url} {wrong} {VARIABLE}")
    said = "" if _is_page(body) else f": {words(body, asked.address)}"
    raise ConfigError(f"{asked.url} is no gateway, as it answered {status} to /pool{said}; is the URL right?")


def _given(url: str, key: str | None) -> Door:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r} is not a URL: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigError(f"{url!r} is not a gateway's URL; write it as http://127.0.0.1:4000")
    if parts.username is not None:
        raise ConfigError(f"a key in the URL would be seen by others; put it into {VARIABLE}")
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1')}"
    if host not in _HERE:
        return Door(Address(base, key), "start one there with `mainspring gateway`")
    where = "--host ::1 --port" if host == "::1" else "--port"
    port = port or (443 if parts.scheme == "https" else 80)
    return Door(Address(base, key), f"start one with `mainspring gateway {where} {port}`")


async def _fetched(address: Address) -> tuple[int, bytes]:
    """Give the status and the body, as far as a gateway's may go."""
    parts = urlsplit(address.base_url)
    opened = await session()
    async with opened.get(
        f"{address.base_url}/pool",
        headers={"Authorization": f"Bearer {address.api_key}"} if address.api_key else {},
        proxy=None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme),
        # Made at each call, as aiohttp's own has been made with what SSL_CERT_FILE was at its import.
        ssl=ssl.create_default_context() if parts.scheme == "https" else True,
        allow_redirects=False,
    ) as response:
        pieces, n_bytes = [], 0
        async for piece in response.content.iter_any():
            pieces.append(piece)
            n_bytes += len(piece)
            if n_bytes > _MAX_ANSWER_BYTES:
                raise ConfigError(f"{address.base_url} is no gateway: its answer does not end")
        return response.status, b"".join(pieces)


@contextmanager
def _in_words(url: str) -> Iterator[None]:
    """Turn what aiohttp raises into what it means."""
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        raise ConfigError(
            f"the certificate of {url} is not trusted ({error.certificate_error}); set SSL_CERT_FILE to that of "
            "whoever signed it"
        ) from error
    except aiohttp.ClientSSLError as error:
        raise ConfigError(f"{url} does not speak TLS as it should ({error.os_error}); is it http://?") from error
    except aiohttp.ClientConnectorError as error:
        is_refused = isinstance(error.os_error, ConnectionRefusedError)
        why = "nobody listens there" if is_refused else error.os_error.strerror or f"{error.os_error}"
        raise NoGateway(why) from error
    except aiohttp.ClientResponseError as error:
        raise ConfigError(f"{url} does not speak HTTP; is it https://?") from error
    except aiohttp.ClientError as error:
        raise NoGateway(f"it broke off: {error}") from error
    except TimeoutError as error:
        raise NoGateway(f"nothing came within {_DEADLINE_S:g} s") from error


class _Answer(BaseModel):
    pools: tuple[PoolStatus, ...]


def _read(body: bytes, url: str) -> tuple[PoolStatus, ...]:
    try:
        return _Answer.model_validate_json(body).pools
    except ValidationError as error:
        what = "a web page" if _is_page(body) else "something else than pools"
        raise ConfigError(f"{url} is no gateway, as it answered {what} to /pool; is the URL right?") from error


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"
