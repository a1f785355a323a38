"""The store on SQLite.

What `add` has returned is on the disk, and what `forget` has removed is not: deleted pages are overwritten, the
index is merged, and the write-ahead log is emptied, unless another process goes on reading just then.
"""

import asyncio
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from mainspring.core import Clock, Rng, SystemClock, SystemRng
from mainspring.core.sqlite import write_ahead
from mainspring.memory.embedder import Embedder
from mainspring.memory.note import NewNote, Note, Scope
from mainspring.memory.ranking import Candidate
from mainspring.memory.searching import rankers_of, searched
from mainspring.memory.store import Filter, Found, Ranker
from mainspring.memory.stores.sqlite import statements, vectors
from mainspring.memory.stores.sqlite.connection import Connection

MEMORY: Final = ":memory:"
LOCK_TIMEOUT_S: Final = 10.0


class SqliteMemory:
    """Keeps notes in a file, or in memory.

    Args:
        path: The file; `:memory:` keeps everything in memory, for as long as the store is open.
        rankers: What finds notes besides their words.
        embedder: Makes vectors, by which notes are found by what they mean.
        clock: Tells when notes are said.
        rng: Makes up their ids.
        lock_timeout_s: Seconds to wait for another process that writes.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        rankers: Sequence[Ranker] = (),
        embedder: Embedder | None = None,
        clock: Clock | None = None,
        rng: Rng | None = None,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> None:
        self._path = str(path)
        self._rankers = rankers_of(self, rankers, embedder)
        self._now = (clock or SystemClock()).now
        self._rng = rng or SystemRng()
        self._lock_timeout_s = lock_timeout_s
        self._where = f"the memory {self._path!r}"
        self._writer = Connection(partial(self._connect, "FULL"), self._where)
        is_shared = self._path == MEMORY  # a second connection would open another, empty one
        self._reader = self._writer if is_shared else Connection(partial(self._connect, "NORMAL"), self._where)

    async def ready(self) -> None:
        """Open the file, make it if it is not there, and bring its tables up to date.

        Raises:
            MemoryStoreError: It cannot be opened, is damaged, or was written by a newer Mainspring.
        """
        await self._writer.write(partial(statements.bring_up_to_date, where=self._where))

    async def add(self, new: NewNote) -> Note:
        """Keep a note, or refresh the one with the same words."""
        return await self._writer.write(partial(statements.add, new=new, now=self._now(), rng=self._rng))

    async def search(self, query: str, scopes: Collection[Scope], limit: int = 5) -> list[Found]:
        """Give the notes that fit some words, the best first."""
        return await searched(self, query, scopes, limit=limit, rankers=self._rankers, now=self._now())

    async def find(self, which: Filter) -> list[Note]:
        """Give notes whatever their words."""
        return await self._reader.do(partial(statements.find, which=which, now=self._now()))

    async def forget(self, scopes: Collection[Scope], ids: Collection[str] | None = None) -> int:
        """Remove notes for good."""
        n_removed = await self._writer.write(partial(statements.forget, scopes=scopes, ids=ids))
        if n_removed:
            await self._writer.do(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        return n_removed

    async def close(self) -> None:
        """Write what was handed in, and close the file."""
        await self._writer.close()
        await self._reader.close()

    async def by_words(self, words: Sequence[str], scopes: Collection[Scope], now: float) -> list[Candidate]:
        """Give the notes with most of the words."""
        return await self._reader.do(partial(statements.by_words, words=words, scopes=scopes, now=now))

    async def by_ids(self, ids: Collection[str], scopes: Collection[Scope], now: float) -> list[Candidate]:
        """Give those of some notes that are in the scopes."""
        return await self._reader.do(partial(statements.by_ids, ids=ids, scopes=scopes, now=now))

    async def count_use(self, ids: Collection[str]) -> None:
        """Count that notes were found."""
        await self._reader.do(partial(statements.count_use, ids=ids))

    async def vectors(self, embedder: str, scopes: Collection[Scope]) -> dict[str, bytes]:
        """Give the vectors of one embedder, by the ids of the notes."""
        return await self._reader.do(partial(vectors.known, embedder=embedder, scopes=scopes, now=self._now()))

    async def unembedded(self, embedder: str, scopes: Collection[Scope]) -> list[Note]:
        """Give the notes that have no vector of an embedder."""
        return await self._reader.do(partial(vectors.missing, embedder=embedder, scopes=scopes, now=self._now()))

    async def keep_vectors(self, embedder: str, made: Mapping[str, bytes]) -> None:
        """Keep vectors by the ids of their notes."""
        await self._writer.write(partial(vectors.keep, embedder=embedder, vectors=made))

    def _connect(self, synchronous: str) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._lock_timeout_s, isolation_level=None)
        write_ahead(connection, self._lock_timeout_s)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA secure_delete = ON")
        return connection


async def open_sqlite(
    path: str | Path,
    *,
    rankers: Sequence[Ranker] = (),
    embedder: Embedder | None = None,
    clock: Clock | None = None,
    rng: Rng | None = None,
    lock_timeout_s: float = LOCK_TIMEOUT_S,
) -> SqliteMemory:
    """Open a store, with its tables up to date; the arguments are those of `SqliteMemory`.

    Raises:
        MemoryStoreError: It cannot be opened, is damaged, or was written by a newer Mainspring.
    """
    store = SqliteMemory(
        path, rankers=rankers, embedder=embedder, clock=clock, rng=rng, lock_timeout_s=lock_timeout_s
    )
    try:
        await store.ready()
    except BaseException:
        await asyncio.shield(store.close())
        raise
    return store
