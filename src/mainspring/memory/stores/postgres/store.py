"""The store on PostgreSQL.

What `add` has returned is as durable as the server makes a commit. What `forget` has removed is found no more; its
bytes go when the server cleans its pages, and stay in its backups.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from psycopg import errors

from mainspring.core import Clock, Rng, SystemClock, SystemRng
from mainspring.memory.embedder import Embedder
from mainspring.memory.note import NewNote, Note, Scope
from mainspring.memory.ranking import Candidate
from mainspring.memory.searching import rankers_of, searched
from mainspring.memory.store import Filter, Found, Ranker
from mainspring.memory.stores.postgres import statements, vectors
from mainspring.memory.stores.postgres.connections import Connection, Connections

N_CONNECTIONS: Final = 4
TIMEOUT_S: Final = 10.0


class PostgresMemory:
    """Keeps notes in a PostgreSQL database, in its schema `mainspring`; belongs to one event loop.

    Args:
        address: `postgresql://user@host:5432/database`, or `key=value` words as libpq reads them.
        rankers: What finds notes besides their words.
        embedder: Makes vectors, by which notes are found by what they mean.
        clock: Tells when notes are said.
        rng: Makes up their ids.
        timeout_s: Seconds to wait for the server, or for somebody else's lock.

    Raises:
        ConfigError: The address is none.
    """

    def __init__(
        self,
        address: str,
        *,
        rankers: Sequence[Ranker] = (),
        embedder: Embedder | None = None,
        clock: Clock | None = None,
        rng: Rng | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._connections = Connections(address, n_connections=N_CONNECTIONS, timeout_s=timeout_s)
        self._rankers = rankers_of(self, rankers, embedder)
        self._now = (clock or SystemClock()).now
        self._rng = rng or SystemRng()

    async def ready(self) -> None:
        """Connect, and bring the tables up to date.

        Raises:
            MemoryStoreError: The database cannot be reached, refuses, or was written by a newer Mainspring.
        """
        await self._connections.do(partial(statements.bring_up_to_date, where=self._connections.where))

    async def add(self, new: NewNote) -> Note:
        """Keep a note, or refresh the one with the same words."""
        return await self._connections.do(partial(statements.add, new=new, now=self._now(), rng=self._rng))

    async def search(self, query: str, scopes: Collection[Scope], limit: int = 5) -> list[Found]:
        """Give the notes that fit some words, the best first."""
        return await searched(self, query, scopes, limit=limit, rankers=self._rankers, now=self._now())

    async def find(self, which: Filter) -> list[Note]:
        """Give notes whatever their words."""
        return await self._connections.do(partial(statements.find, which=which, now=self._now()))

    async def forget(self, scopes: Collection[Scope], ids: Collection[str] | None = None) -> int:
        """Remove notes for good."""
        return await self._connections.do(partial(statements.forget, scopes=scopes, ids=ids))

    async def close(self) -> None:
        """Let go of the database."""
        await self._connections.close()

    async def by_words(self, words: Sequence[str], scopes: Collection[Scope], now: float) -> list[Candidate]:
        """Give the notes with most of the words."""
        return await self._connections.do(partial(statements.by_words, words=words, scopes=scopes, now=now))

    async def by_ids(self, ids: Collection[str], scopes: Collection[Scope], now: float) -> list[Candidate]:
        """Give those of some notes that are in the scopes."""
        return await self._connections.do(partial(statements.by_ids, ids=ids, scopes=scopes, now=now))

    async def count_use(self, ids: Collection[str]) -> None:
        """Count that notes were found, where the database may be written to."""

        async def counted(db: Connection) -> None:
            with suppress(errors.ReadOnlySqlTransaction, errors.InsufficientPrivilege):
                await statements.count_use(db, ids)

        await self._connections.do(counted)

    async def vectors(self, embedder: str, scopes: Collection[Scope]) -> dict[str, bytes]:
        """Give the vectors of one embedder, by the ids of the notes."""
        known = partial(vectors.known, embedder=embedder, scopes=scopes, now=self._now())
        return await self._connections.do(known)

    async def unembedded(self, embedder: str, scopes: Collection[Scope]) -> list[Note]:
        """Give the notes that have no vector of an embedder."""
        missing = partial(vectors.missing, embedder=embedder, scopes=scopes, now=self._now())
        return await self._connections.do(missing)

    async def keep_vectors(self, embedder: str, made: Mapping[str, bytes]) -> None:
        """Keep vectors by the ids of their notes."""
        await self._connections.do(partial(vectors.keep, embedder=embedder, vectors=made))


async def open_postgres(
    address: str,
    *,
    rankers: Sequence[Ranker] = (),
    embedder: Embedder | None = None,
    clock: Clock | None = None,
    rng: Rng | None = None,
    timeout_s: float = TIMEOUT_S,
) -> PostgresMemory:
    """Open a store, with its tables up to date; the arguments are those of `PostgresMemory`.

    Raises:
        ConfigError: The address is none.
        MemoryStoreError: The database cannot be reached, refuses, or was written by a newer Mainspring.
    """
    store = PostgresMemory(address, rankers=rankers, embedder=embedder, clock=clock, rng=rng, timeout_s=timeout_s)
    try:
        await store.ready()
    except BaseException:
        await asyncio.shield(store.close())
        raise
    return store
