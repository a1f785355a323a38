"""Stores for the contract suites."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from mainspring.runs.journal import Store
from mainspring.runs.stores.migrations import migrations
from mainspring.runs.stores.postgres import open_postgres
from mainspring.runs.stores.sqlite import open_sqlite
from tests.contract.storing import Place, postgres_execute, sqlite_execute


@pytest.fixture(params=["sqlite", "memory", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Open an empty store of each kind."""
    opened: Store
    if request.param == "postgres":
        opened = await open_postgres(request.getfixturevalue("postgres_url"))
    else:
        opened = await open_sqlite(":memory:" if request.param == "memory" else tmp_path / "runs.db")
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Give an empty database; what is opened on it is closed in the end."""
    async with AsyncExitStack() as stack:
        if request.param == "postgres":
            url = request.getfixturevalue("postgres_url")
            opening: Callable[[], Awaitable[Store]] = partial(open_postgres, url)
            execute = partial(postgres_execute, url)
            mark_newer = "INSERT INTO {migrations} (number, name) VALUES (99, 'newer')"
            mark_first = (
                "CREATE SCHEMA mainspring",
                "CREATE TABLE {migrations} (number integer PRIMARY KEY, name text NOT NULL, "
                "applied_at timestamptz NOT NULL DEFAULT now())",
                "INSERT INTO {migrations} (number, name) VALUES (1, '0001_runs')",
                *_statements("postgres"),
            )
        else:
            opening = partial(open_sqlite, tmp_path / "runs.db")
            execute = partial(sqlite_execute, tmp_path / "runs.db")
            mark_newer = "PRAGMA user_version = 99"
            mark_first = (*_statements("sqlite"), "PRAGMA user_version = 1")

        async def opened() -> Store:
            store = await opening()
            stack.push_async_callback(store.close)
            return store

        yield Place(opened, execute, mark_newer, mark_first)


def _statements(dialect: str) -> list[str]:
    """Give the first step of the tables, statement by statement."""
    sql = migrations(dialect)[0].sql.replace("{", "{{").replace("}", "}}")
    return [statement for statement in sql.split(";") if statement.strip()]
