"""Connections to one PostgreSQL database: opened when needed, replaced when lost, each with its limits set.

What cannot be had is said in words, without the password.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from mainspring.core.errors import ConfigError, JournalError
from mainspring.runs.stores.postgres.errors import in_words
from mainspring.runs.stores.postgres.statements import Connection

T = TypeVar("T")

_SETTINGS: Final = (
    "SELECT set_config('lock_timeout', %(limit)s, false), "
    "set_config('idle_in_transaction_session_timeout', %(limit)s, false)"
)
"""A process that is stopped within a transaction does not keep the others waiting for ever."""
_CLOSE_TIMEOUT_S: Final = 5.0


class Connections:
    """A pool of connections.

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
        self._limit = f"{round(timeout_s * 1000)}ms"
        self._conninfo = with_deadlines(address, timeout_s)
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            self._conninfo,
            kwargs={"autocommit": True},
            configure=self._configure,
            min_size=0,
            max_size=n_connections,
            timeout=timeout_s,
            reconnect_timeout=timeout_s,
            open=False,
        )

    async def open(self) -> None:
        """Begin to hand out connections."""
        await self._pool.open()

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close(timeout=_CLOSE_TIMEOUT_S)

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
            while _is_lost(db := await self._pool.getconn()):
                await db.close()
                await self._pool.putconn(db)  # which makes room for another
        except PoolTimeout as error:
            await (await connect(self._conninfo, self.where)).close()  # which says why none is to be had
            raise in_words(error, self.where) from error
        except PoolClosed as error:
            raise JournalError(f"{self.where} is closed") from error
        try:
            yield db
        finally:
            await self._pool.putconn(db)

    async def _configure(self, db: Connection) -> None:
        await db.execute(_SETTINGS, {"limit": self._limit})


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
