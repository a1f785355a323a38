"""From a URL to a store and to the engine that carries runs to workers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeGuard

from mainspring.core import Clock
from mainspring.core.errors import ConfigError
from mainspring.runs.dispatch import Dispatch
from mainspring.runs.dispatchers.embedded import EmbeddedDispatch
from mainspring.runs.journal import Store
from mainspring.runs.settings import Settings


@asynccontextmanager
async def open_store(url: str | Path | Store) -> AsyncIterator[Store]:
    """Open a store.

    Args:
        url: A file name, `sqlite:///FILE`, `:memory:`, or `postgresql://...`; an open store is given as it is.

    Raises:
        JournalError: It cannot be opened.
        ConfigError: A package that it needs is missing.
    """
    if not isinstance(url, str | Path):
        yield url
        return
    store = await _open(str(url))
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_dispatch(url: str | Path | Store, settings: Settings, clock: Clock) -> AsyncIterator[Dispatch]:
    """Open the engine that goes with a store: Procrastinate on PostgreSQL, this process's tasks elsewhere."""
    if not _is_postgres(url):
        yield EmbeddedDispatch(concurrency=settings.concurrency, now=clock.now)
        return
    from mainspring.runs.dispatchers.procrastinate import open_procrastinate

    heartbeat_s = settings.lease_s / 3  # so that a worker counts as gone when its leases have lapsed
    async with open_procrastinate(url, concurrency=settings.concurrency, heartbeat_s=heartbeat_s) as dispatch:
        yield dispatch


def _is_postgres(url: object) -> TypeGuard[str]:
    return isinstance(url, str) and url.startswith(("postgresql://", "postgres://"))


async def _open(url: str) -> Store:
    if not url:
        raise ConfigError("the store has no name; give a file such as 'runs.db', ':memory:', or postgresql://...")
    if _is_postgres(url):
        from mainspring.runs.stores.postgres import open_postgres

        return await open_postgres(url)
    from mainspring.runs.stores.sqlite import open_sqlite

    return await open_sqlite(url.removeprefix("sqlite:///"))
