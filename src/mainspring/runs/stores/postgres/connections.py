"""Connections to one PostgreSQL database: opened when needed, replaced when lost, each with its limits set.

What cannot be had is said in words, without the password.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from mainspring.core.errors import ConfigError, JournalError, JournalUnavailable
from mainspring.runs.stores.postgres.errors import in_words
from mainspring.runs.stores.postgres.statements import Connection

T = TypeVar("T")

_SETTINGS: Final = (
    "SELECT set_config('lock_timeout', %(limit)s, false), "
    "set_config('idle_in_transaction_session_timeout', %(limit)s, false)"
)
"""A process that is stopped within a transaction does not keep the others waiting for ever."""


class Connections:
    """Opens as many connections as are used at once, and keeps them for whoever comes next.

    Nothing goes on in the background: a server that is gone is noticed by whoever needs it, and so is its return.

    Args:
        address: A URL, or `key=value` words as libpq reads them.
        n_connections: The most that are open at once.
        timeout_s: Seconds to wait for a connection, a lock or an answer to a packet.

    Raises:
        ConfigError: The address is none.
    """

    def __init__(self, address: str, *, n_connections: int, timeout_s: float) -> None:
        self.url = without_password(address)
        self.where = f"the store {self.url!r}"
        self._conninfo = with_deadlines(address, timeout_s)
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(n_connections)
        self._idle: list[Connection] = []
        self._is_closed = False

    async def close(self) -> None:
        """Close all connections; those in use when they are given back."""
        self._is_closed = True
        while self._idle:
            await self._idle.pop().close()

    async def do(self, job: Callable[[Connection], Awaitable[T]]) -> T:
        """Do something on a connection.

        Raises:
            JournalUnavailable: The database cannot be reached, is locked or is full.
            JournalError: It refuses.
        """
        try:
            async with self.connection() as db:
                return await job(db)
        except psycopg.Error as error:
            raise in_words(error, self.where) from error

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection.

        Raises:
            JournalUnavailable: There is none to be had.
            JournalError: The server does not let this user in.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._slots.acquire()
        except TimeoutError as error:
            raise JournalUnavailable(
                f"{self.where}: no connection came free within {self._timeout_s:g} s; allow more of them"
            ) from error
        try:
            db = await self._take()
            try:
                yield db
            finally:
                await self._give_back(db)
        finally:
            self._slots.release()

    async def _take(self) -> Connection:
        if self._is_closed:
            raise JournalError(f"{self.where} is closed")
        while self._idle:
            db = self._idle.pop()
            if not _is_lost(db):
                return db
            await db.close()
        db = await connect(self._conninfo, self.where)
        try:
            await db.execute(_SETTINGS, {"limit": f"{round(self._timeout_s * 1000)}ms"})
        except BaseException:
            await db.close()
            raise
        return db

    async def _give_back(self, db: Connection) -> None:
        if self._is_closed or db.info.transaction_status is not TransactionStatus.IDLE:
            await db.close()
        else:
            self._idle.append(db)


async def connect(conninfo: str, where: str) -> Connection:
    """Open one connection, outside of any pool.

    Raises:
        JournalUnavailable: The server cannot be reached.
        JournalError: It does not let this user in.
    """
    try:
        return await AsyncConnection.connect(conninfo, autocommit=True)
    except psycopg.Error as error:
        raise in_words(error, where) from error


def _is_lost(db: Connection) -> bool:
    """Tell whether the server has hung up on an idle connection, as far as has been heard here."""
    try:
        for _ in range(2):  # what it said before it hung up, and that it did
            db.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return db.closed


def without_password(address: str) -> str:
    """Give an address as it may be shown.

    Raises:
        ConfigError: It is none.
    """
    try:
        known = conninfo_to_dict(address)
    except psycopg.ProgrammingError as error:
        raise ConfigError(
            f"the address of the PostgreSQL store cannot be read ({str(error).strip()}); "
            "write postgresql://user@host:5432/database"
        ) from None
    if not address.startswith(("postgresql://", "postgres://")):
        return make_conninfo(**{key: str(value) for key, value in known.items() if key != "password"})
    parts = urlsplit(address)
    user, _, host = parts.netloc.rpartition("@")
    user = user.partition(":")[0]
    query = "&".join(item for item in parts.query.split("&") if not item.startswith(("password=", "sslpassword=")))
    return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host, query=query))


def with_deadlines(address: str, timeout_s: float) -> str:
    """Give an address with what it leaves open: how long to wait for the server, and what to call this process."""
    known = conninfo_to_dict(address)
    defaults = {
        "application_name": "mainspring",
        "connect_timeout": str(max(2, round(timeout_s))),
        "tcp_user_timeout": str(round(timeout_s * 1000)),
    }
    return make_conninfo(address, **{key: value for key, value in defaults.items() if key not in known})
