"""Gateways, model servers with a gate, and ledgers for the tests of the gateway."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from mainspring.runs.journal import Store
from mainspring.runs.stores.postgres import open_postgres
from mainspring.runs.stores.sqlite import open_sqlite
from tests.unit.serve.fronts import Gate, Start, starter


@pytest.fixture
async def front(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Start gateways that end with the test."""
    monkeypatch.setenv("no_proxy", "*")
    async with AsyncExitStack() as stack:
        yield starter(stack)


@pytest.fixture
async def gate(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    """Start a model server whose replies wait."""
    monkeypatch.setenv("no_proxy", "*")
    async with Gate() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Open an empty store of each kind, where many write at once or time goes by."""
    opened: Store
    if request.param == "postgres":
        opened = await open_postgres(request.getfixturevalue("postgres_url"))
    else:
        opened = await open_sqlite(tmp_path / "runs.db")
    yield opened
    await opened.close()


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Store]:
    """Open an empty store, where it does not matter of which kind."""
    opened = await open_sqlite(tmp_path / "runs.db")
    yield opened
    await opened.close()
