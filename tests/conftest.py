"""What all tests share: how hypothesis runs, a server that plays scripted HTTP responses, and PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import settings

from tests.services.postgres import postgres_server, postgres_url
from tests.unit.models.wire import Serve, Step, Wire

__all__ = ["postgres_server", "postgres_url", "serve"]

settings.register_profile("mainspring", deadline=None, derandomize=True)  # a busy machine is not a defect
settings.load_profile("mainspring")


@pytest.fixture
async def serve(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    """Start servers that play a script and end with the test."""
    monkeypatch.setenv("no_proxy", "*")
    async with AsyncExitStack() as stack:

        async def start(*script: Step) -> Wire:
            return await stack.enter_async_context(Wire(*script))

        yield start
