"""The store on PostgreSQL.

What an append has returned is as durable as the server makes a commit. Any number of processes on any number of
machines may work on one database; their rows are locked for the time of one transaction.
"""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Final

from mainspring.core import Budget, Entry
from mainspring.core.errors import JournalError
from mainspring.core.events import Attempted
from mainspring.runs.holds import Hold
from mainspring.runs.journal import Append, GoalQuery, GoalRow, Lease, Query, RunRow, Status, Wake
from mainspring.runs.ledger import Balance, Reserve, Settle
from mainspring.runs.stores.postgres import goals, statements
from mainspring.runs.stores.postgres.connections import Connections
from mainspring.runs.stores.postgres.money import Holding, Settling
from mainspring.runs.stores.postgres.schema import bring_up_to_date
from mainspring.runs.stores.postgres.writer import Writer
from mainspring.runs.windows import Window

N_CONNECTIONS: Final = 4
TIMEOUT_S: Final = 10.0


class PostgresStore:
    """Keeps runs in a PostgreSQL database, in its schema `mainspring`; belongs to one event loop.

    Args:
        address: `postgresql://user@host:5432/database`, or `key=value` words as libpq reads them.
        n_connections: The most connections to open at once.
        timeout_s: Seconds to wait for a connection, or for somebody else's lock.

    Raises:
        ConfigError: The address is none.
    """

    def __init__(self, address: str, *, n_connections: int = N_CONNECTIONS, timeout_s: float = TIMEOUT_S) -> None:
        self._connections = Connections(address, n_connections=n_connections, timeout_s=timeout_s)
        self._writer = Writer(self._connections)

    @property
    def url(self) -> str:
        """The address, without any password."""
        return self._connections.url

    async def ready(self) -> None:
        """Connect, and bring the tables up to date.

        Raises:
            JournalError: The database cannot be reached, refuses, or was written by a newer Mainspring.
        """
        await self._connections.do(partial(bring_up_to_date, where=self._connections.where))
        self._writer.start()

    async def append(self, batch: Append) -> Status:
        """Write a batch, in one transaction with what others hand in at the same time."""
        return await self._writer.append(batch)

    async def entries(self, run: str, start: int = 0) -> list[Entry]:
        """Give a run's events from a place on."""
        return await self._connections.do(partial(statements.entries, run=run, start=start))

    async def content(self, digest: str) -> bytes:
        """Give kept content."""
        found = await self._connections.do(partial(statements.content, digest=digest))
        if found is None:
            raise JournalError(f"there is no content {digest!r} in {self._connections.where}")
        return found

    async def rows(self, query: Query) -> list[RunRow]:
        """Give the rows of runs, the newest first."""
        return await self._connections.do(partial(statements.rows, query=query))

    async def asked(self) -> list[Entry]:
        """Give questions and answers of runs that have not ended."""
        return await self._connections.do(statements.asked)

    async def claim(self, run: str, attempted: Attempted, lease: Lease) -> int | None:
        """Take a run over."""
        return await self._connections.do(partial(statements.claim, run=run, attempted=attempted, lease=lease))

    async def renew(self, driver: str, until: float) -> dict[str, int]:
        """Make a driver's leases longer."""
        return await self._connections.do(partial(statements.renew, driver=driver, until=until))

    async def due(self, now: float, agents: Collection[str], limit: int) -> list[RunRow]:
        """Give runs that somebody should drive now."""
        return await self._connections.do(partial(statements.due, now=now, agents=agents, limit=limit))

    async def balances(self, ids: Collection[str]) -> dict[str, Balance]:
        """Give budgets."""
        return await self._connections.do(partial(statements.balances, ids=ids))

    async def allow(self, id: str, budget: Budget, *, window: Window | None = None) -> None:  # noqa: A002 - it is one
        """Open a budget, or give it new limits."""
        await self._connections.do(partial(statements.allow, name=id, budget=budget, window=window))

    async def hold(
        self, owner: str, budgets: Collection[str], wanted: Reserve, *, now: float, until: float
    ) -> None:
        """Hold something back, in one transaction with what others hand in at the same time."""
        hold = Hold(owner, wanted.key, wanted.amounts, tuple(budgets), until)
        await self._writer.hold(Holding(hold, now))

    async def settle_hold(self, owner: str, settled: Settle, *, now: float) -> None:
        """Turn a hold into what was really spent, in one transaction with what others hand in at the same time."""
        await self._writer.hold(Settling(owner, settled, now))

    async def response(self, digest: str) -> bytes | None:
        """Give a stored reply."""
        return await self._connections.do(partial(statements.response, digest=digest))

    async def store_response(self, digest: str, reply: bytes, at: float) -> None:
        """Store a reply."""
        await self._connections.do(partial(statements.store_response, digest=digest, reply=reply, at=at))

    async def write_goal(self, row: GoalRow, wakes: Collection[Wake]) -> None:
        """Write a goal and what makes it due, in one transaction."""
        await self._connections.do(partial(goals.write_goal, row=row, wakes=wakes))

    async def goals(self, query: GoalQuery) -> list[GoalRow]:
        """Give goals, the newest first."""
        return await self._connections.do(partial(goals.goals, query=query))

    async def due_goals(self, now: float, agents: Collection[str], limit: int) -> list[str]:
        """Give the ids of goals that are due."""
        return await self._connections.do(partial(goals.due_goals, now=now, agents=agents, limit=limit))

    async def close(self) -> None:
        """Write what was handed in, and let go of the database."""
        await self._writer.close()
        await self._connections.close()


async def open_postgres(
    address: str, *, n_connections: int = N_CONNECTIONS, timeout_s: float = TIMEOUT_S
) -> PostgresStore:
    """Open a store, with its tables up to date.

    Args:
        address: `postgresql://user@host:5432/database`, or `key=value` words as libpq reads them.
        n_connections: The most connections to open at once.
        timeout_s: Seconds to wait for a connection, or for somebody else's lock.

    Raises:
        ConfigError: The address is none.
        JournalError: The database cannot be reached, refuses, or was written by a newer Mainspring.
    """
    store = PostgresStore(address, n_connections=n_connections, timeout_s=timeout_s)
    try:
        await store.ready()
    except BaseException:
        await asyncio.shield(store.close())
        raise
    return store
