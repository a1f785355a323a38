"""The store on SQLite.

The file is opened in write-ahead mode with `synchronous=FULL`: what an append has returned is on the disk. Several
processes may have it open; whoever writes waits for its turn.
"""

import asyncio
import sqlite3
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Final

from mainspring.core import Budget, Entry
from mainspring.core.errors import JournalError
from mainspring.core.events import Attempted
from mainspring.core.sqlite import write_ahead
from mainspring.runs.holds import Hold
from mainspring.runs.journal import Append, GoalQuery, GoalRow, Lease, Query, RunRow, Status, Wake
from mainspring.runs.ledger import Balance, Reserve, Settle
from mainspring.runs.stored import pack
from mainspring.runs.stores.migrations import missing
from mainspring.runs.stores.sqlite import goals, money, statements
from mainspring.runs.stores.sqlite.worker import Worker
from mainspring.runs.windows import Window

MEMORY: Final = ":memory:"
LOCK_TIMEOUT_S: Final = 10.0
_CACHE_KIB: Final = 16_384
_PAGE_BYTES: Final = 16_384
"""Of a new file: what runs write together lands on fewer pages, which is most of what a commit costs."""


class SqliteStore:
    """Keeps runs in a file, or in memory.

    Args:
        path: The file; `:memory:` keeps everything in memory, for as long as the store is open.
        lock_timeout_s: Seconds to wait for another process that writes.
    """

    def __init__(self, path: str | Path, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self._path = str(path)
        self._lock_timeout_s = lock_timeout_s
        where = f"the store {self._path!r}"
        self._writer = Worker(self._connect, where, writes=True)
        is_shared = self._path == MEMORY  # a second connection would open another, empty one
        self._reader = self._writer if is_shared else Worker(self._connect, where, writes=False)

    @property
    def url(self) -> str:
        """The file."""
        return self._path

    async def ready(self) -> None:
        """Open the file, make it if it is not there, and bring its tables up to date.

        Raises:
            JournalError: It cannot be opened, is damaged, or was written by a newer Mainspring.
        """
        await self._writer.do(self._migrate)

    async def append(self, batch: Append) -> Status:
        """Write a batch in one transaction."""
        contents = dict(batch.contents)
        packed = [pack(event, contents) for _, event in batch.events]
        return await self._writer.do(partial(statements.append, batch=batch, packed=packed, contents=contents))

    async def entries(self, run: str, start: int = 0) -> list[Entry]:
        """Give a run's events from a place on."""
        return await self._reader.do(partial(statements.entries, run=run, start=start))

    async def content(self, digest: str) -> bytes:
        """Give kept content."""
        sql = "SELECT body FROM contents WHERE digest = ?"
        found = await self._reader.do(lambda db: db.execute(sql, (digest,)).fetchone())
        if found is None:
            raise JournalError(f"there is no content {digest!r} in the store {self._path!r}")
        body: bytes = found[0]
        return body

    async def rows(self, query: Query) -> list[RunRow]:
        """Give the rows of runs, the newest first."""
        return await self._reader.do(partial(statements.rows, query=query))

    async def asked(self) -> list[Entry]:
        """Give questions and answers of runs that have not ended."""
        return await self._reader.do(statements.asked)

    async def claim(self, run: str, attempted: Attempted, lease: Lease) -> int | None:
        """Take a run over."""
        return await self._writer.do(partial(statements.claim, run=run, attempted=attempted, lease=lease))

    async def renew(self, driver: str, until: float) -> dict[str, int]:
        """Make a driver's leases longer."""
        return await self._writer.do(partial(statements.renew, driver=driver, until=until))

    async def due(self, now: float, agents: Collection[str], limit: int) -> list[RunRow]:
        """Give runs that somebody should drive now."""
        return await self._reader.do(partial(statements.due, now=now, agents=agents, limit=limit))

    async def balances(self, ids: Collection[str]) -> dict[str, Balance]:
        """Give budgets."""
        return await self._reader.do(partial(money.balances, ids=ids))

    async def allow(self, id: str, budget: Budget, *, window: Window | None = None) -> None:  # noqa: A002 - it is one
        """Open a budget, or give it new limits."""
        await self._writer.do(partial(money.allow, id=id, budget=budget, window=window))

    async def hold(
        self, owner: str, budgets: Collection[str], wanted: Reserve, *, now: float, until: float
    ) -> None:
        """Hold something back in all of some budgets."""
        hold = Hold(owner, wanted.key, wanted.amounts, tuple(budgets), until)
        await self._writer.do(partial(money.hold, wanted=hold, now=now))

    async def settle_hold(self, owner: str, settled: Settle, *, now: float) -> None:
        """Turn a hold into what was really spent."""
        await self._writer.do(partial(money.settle_hold, owner=owner, settled=settled, now=now))

    async def response(self, digest: str) -> bytes | None:
        """Give a stored reply."""
        sql = "SELECT reply FROM responses WHERE digest = ?"
        found = await self._reader.do(lambda db: db.execute(sql, (digest,)).fetchone())
        return None if found is None else found[0]

    async def store_response(self, digest: str, reply: bytes, at: float) -> None:
        """Store a reply."""
        sql = "INSERT OR IGNORE INTO responses (digest, reply, at) VALUES (?, ?, ?)"
        await self._writer.do(lambda db: _nothing(db.execute(sql, (digest, reply, at))))

    async def write_goal(self, row: GoalRow, wakes: Collection[Wake]) -> None:
        """Write a goal and what makes it due, in one transaction."""
        await self._writer.do(partial(goals.write_goal, row=row, wakes=wakes))

    async def goals(self, query: GoalQuery) -> list[GoalRow]:
        """Give goals, the newest first."""
        return await self._reader.do(partial(goals.goals, query=query))

    async def due_goals(self, now: float, agents: Collection[str], limit: int) -> list[str]:
        """Give the ids of goals that are due."""
        return await self._reader.do(partial(goals.due_goals, now=now, agents=agents, limit=limit))

    async def close(self) -> None:
        """Write what was handed in, and close the file."""
        await self._writer.close()
        if self._reader is not self._writer:
            await self._reader.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._lock_timeout_s, isolation_level=None)
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        write_ahead(connection, self._lock_timeout_s)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return connection

    def _migrate(self, db: sqlite3.Connection) -> None:
        (applied,) = db.execute("PRAGMA user_version").fetchone()
        for migration in missing("sqlite", applied, f"the store {self._path!r}"):
            for statement in migration.sql.split(";"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {migration.number}")


async def open_sqlite(path: str | Path, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> SqliteStore:
    """Open a store, with its tables up to date.

    Raises:
        JournalError: It cannot be opened, is damaged, or was written by a newer Mainspring.
    """
    store = SqliteStore(path, lock_timeout_s=lock_timeout_s)
    try:
        await store.ready()
    except BaseException:
        await asyncio.shield(store.close())
        raise
    return store


def _nothing(_: object) -> None:
    """Give nothing."""
