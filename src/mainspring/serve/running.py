"""Run a gateway until it is told to stop: listen, serve, drain."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from mainspring.core.errors import ConfigError
from mainspring.serve.gateway import Gateway
from mainspring.serve.settings import GatewaySettings

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@asynccontextmanager
async def serving(gateway: Gateway, settings: GatewaySettings) -> AsyncIterator[str]:
    """Serve for as long as the block runs, and give the address; then drain.

    Draining, it says so on `/healthz`, takes no new connections, and gives what is in progress its time.

    Raises:
        ConfigError: It may not listen there without keys, the certificate cannot be read, or the port is taken.
    """
    check_reach(settings)
    runner = web.AppRunner(
        gateway.app(), handler_cancellation=True, access_log=None, shutdown_timeout=settings.grace_s
    )
    context = _tls(settings)
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
        port = runner.addresses[0][1]
        yield f"{'http' if context is None else 'https'}://{settings.host}:{port}"
    finally:
        gateway.is_draining = True
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


async def until_stopped() -> None:
    """Wait until somebody cancels."""
    await asyncio.Event().wait()
