"""Connections to one PostgreSQL database: opened when needed, kept while they last, shown without a password."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from mainspring.core.errors import ConfigError, MemoryStoreError
from mainspring.memory.stores.postgres.errors import in_words

T = TypeVar("T")
Connection = AsyncConnection[tuple[Any, ...]]

_SHOWN: Final = ("user", "host", "port", "dbname")
_SETTINGS: Final = (
    "SELECT set_config('lock_timeout', %(limit)s, false), "
    "set_config('idle_in_transaction_session_timeout', %(limit)s, false)"
)


class Connections:
    """Opens as many connections as are used at once, and keeps them for whoever comes next.

    Args:
        address: A URL, or `key=value` words as libpq reads them.
        n_connections: The most that are open at once.
        timeout_s: Seconds to wait for a connection, a lock or an answer to a packet.

    Raises:
        ConfigError: The address is none.
    """

    def __init__(self, address: str, *, n_connections: int, timeout_s: float) -> None:
        known = _read(address)
        self.where = f"the memory {make_conninfo(**{name: known[name] for name in _SHOWN if name in known})!r}"
        defaults = {
            "application_name": "mainspring",
            "connect_timeout": str(max(2, round(timeout_s))),
            "tcp_user_timeout": str(round(timeout_s * 1000)),
        }
        self._conninfo = make_conninfo(**(defaults | known))
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(n_connections)
        self._idle: list[Connection] = []
        self._is_closed = False

    async def do(self, job: Callable[[Connection], Awaitable[T]]) -> T:
        """Do something on a connection.

        Raises:
            MemoryStoreError: The database cannot be reached, is locked, is full or refuses.
        """
        try:
            async with self._slots, self._lent() as db:
                return await job(db)
        except psycopg.Error as error:
            raise in_words(error, self.where) from error

    async def close(self) -> None:
        """Close all connections; those in use when they are given back."""
        self._is_closed = True
        while self._idle:
            await self._idle.pop().close()

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Connection]:
        db = await self._take()
        try:
            yield db
        finally:
            if self._is_closed or db.info.transaction_status is not TransactionStatus.IDLE:
                await db.close()
            else:
                self._idle.append(db)

    async def _take(self) -> Connection:
        if self._is_closed:
            raise MemoryStoreError(f"{self.where} is closed")
        while self._idle:
            db = self._idle.pop()
            if not _is_lost(db):
                return db
            await db.close()
        db = await AsyncConnection.connect(self._conninfo, autocommit=True)
        try:
            await db.execute(_SETTINGS, {"limit": f"{round(self._timeout_s * 1000)}ms"})
        except BaseException:
            await db.close()
            raise
        return db


def _read(address: str) -> dict[str, str]:
    try:
        return {name: str(value) for name, value in conninfo_to_dict(address).items()}
    except psycopg.ProgrammingError as error:
        raise ConfigError(
            f"the address of the PostgreSQL memory cannot be read ({str(error).strip()}); "
            "write postgresql://user@host:5432/database"
        ) from None


def _is_lost(db: Connection) -> bool:
    """Tell whether the server has hung up on an idle connection, as far as has been heard here."""
    try:
        for _ in range(2):  # what it said before it hung up, and that it did
            db.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return db.closed
