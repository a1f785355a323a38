"""From a URL to a store and to the engine that carries runs to workers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mainspring.core import Clock
from mainspring.core.errors import ConfigError
from mainspring.runs.dispatch import Dispatch
from mainspring.runs.dispatchers.embedded import EmbeddedDispatch
from mainspring.runs.journal import Store
from mainspring.runs.settings import Settings

_POSTGRES = ("postgresql://", "postgres://")


@asynccontextmanager
async def open_store(url: str | Store) -> AsyncIterator[Store]:
    """Open a store.

    Args:
        url: A file name, `sqlite:///FILE`, `:memory:`, or `postgresql://...`; an open store is given as it is.

    Raises:
        JournalError: It cannot be opened.
        ConfigError: A package that it needs is missing.
    """
    if not isinstance(url, str):
        yield url
        return
    store = await _open(url)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_dispatch(url: str | Store, settings: Settings, clock: Clock) -> AsyncIterator[Dispatch]:
    """Open the engine that goes with a store: Procrastinate on PostgreSQL, this process's tasks elsewhere."""
    if not isinstance(url, str) or not url.startswith(_POSTGRES):
        yield EmbeddedDispatch(concurrency=settings.concurrency, now=clock.now)
        return
    from mainspring.runs.dispatchers.procrastinate import open_procrastinate

    heartbeat_s = settings.lease_s / 3  # so that a worker counts as gone when its leases have lapsed
    async with open_procrastinate(url, concurrency=settings.concurrency, heartbeat_s=heartbeat_s) as dispatch:
        yield dispatch


async def _open(url: str) -> Store:
    if not url:
        raise ConfigError("the store has no name; give a file such as 'runs.db', ':memory:', or postgresql://...")
    if url.startswith(_POSTGRES):
        from mainspring.runs.stores.postgres import open_postgres

        return await open_postgres(url)
    from mainspring.runs.stores.sqlite import open_sqlite

    return await open_sqlite(url.removeprefix("sqlite:///"))
