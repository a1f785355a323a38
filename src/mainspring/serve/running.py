"""Run a gateway until it is told to stop: listen, serve, drain."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from mainspring.core.errors import ConfigError
from mainspring.serve.gateway import Gateway
from mainspring.serve.settings import GatewaySettings

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_LAST_WORDS_S: Final = 2.0
"""Seconds to tell clients that what they wait for does not come any more."""


@asynccontextmanager
async def serving(gateway: Gateway, settings: GatewaySettings) -> AsyncIterator[str]:
    """Serve for as long as the block runs, and give the address; then drain.

    Draining, it says so on `/healthz`, takes no new connections, and gives what is in progress its time.

    Raises:
        ConfigError: It may not listen there without keys, the certificate cannot be read, or the port is taken.
    """
    check_reach(settings)
    context = _tls(settings)
    runner = web.AppRunner(
        gateway.app(), handler_cancellation=True, access_log=None, shutdown_timeout=_LAST_WORDS_S
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, ssl_context=context)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"the gateway cannot listen on {settings.host}:{settings.port}: {error.strerror or error}; "
                "give it another host or port"
            ) from error
        host, port, *_ = runner.addresses[0]
        place = f"[{host}]" if ":" in host else host
        try:
            yield f"{'http' if context is None else 'https'}://{place}:{port}"
        finally:
            await site.stop()
            await gateway.drain(settings.grace_s)
    finally:
        await runner.cleanup()


def check_reach(settings: GatewaySettings) -> None:
    """Refuse to let everybody on the network ask without a key.

    Raises:
        ConfigError: That is what the settings say.
    """
    if not settings.keys and settings.host not in _LOOPBACK:
        raise ConfigError(
            f"the gateway has no keys, and would listen on {settings.host!r} for everybody; make a key with "
            "`mainspring gateway key NAME`, or listen on 127.0.0.1"
        )


def _tls(settings: GatewaySettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"the certificate {str(settings.tls_cert)!r} cannot be used: {error}") from error
    return context
