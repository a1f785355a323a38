"""Serve the page of a review on this machine alone, for as long as somebody looks."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from mainspring.core.errors import ConfigError
from mainspring.data.review.review import Review
from mainspring.data.review.server import review_app

_HOST: Final = "127.0.0.1"
_LAST_WORDS_S: Final = 2.0
"""Seconds for what a page asked last; what it was told is saved is on the disk already."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a page is."""

    url: str
    """Whoever has it can decide."""
    opening: str
    """Leads there once: to start a browser with, as others of the machine can read how a program was started."""


@asynccontextmanager
async def serving(review: Review, port: int = 0) -> AsyncIterator[Address]:
    """Serve for as long as the block runs, and give the address of the page.

    Args:
        review: What is looked at.
        port: 0 for a free one.

    Raises:
        ConfigError: The port is taken.
    """
    token, ticket = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    runner = web.AppRunner(review_app(review, token, ticket), access_log=None, shutdown_timeout=_LAST_WORDS_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, _HOST, port).start()
        except OSError as error:
            raise ConfigError(
                f"the page cannot be served on port {port}: {error.strerror or error}; give it another, or none"
            ) from error
        place = f"http://{_HOST}:{runner.addresses[0][1]}"
        yield Address(f"{place}/{token}/", f"{place}/open/{ticket}")
    finally:
        await runner.cleanup()
