"""Procrastinate's way to the database, patient: a worker outlives an outage of the server.

Its tables are in the schema `mainspring`, apart from those of any other Procrastinate on the same database.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Final, LiteralString

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager

from mainspring.runs.stores.postgres.connections import connect
from mainspring.runs.stores.postgres.schema import alone
from mainspring.runs.stores.postgres.statements import Connection

_log = logging.getLogger("mainspring.runs")

_LOCK: Final = 6_301_748_102_945_338
"""Names the work on the tables among the database's advisory locks."""
_PAUSE_S: Final = 1.0
_SEARCH_PATH: Final = "SELECT set_config('search_path', 'mainspring', false)"


class PatientConnector(PsycopgConnector):
    """Tries again for as long as a worker is at work, where Procrastinate would give its worker up.

    Args:
        conninfo: How to connect.
        n_connections: The most connections to open at once, besides the one that listens.
        timeout_s: Seconds to wait for a connection.
    """

    def __init__(self, conninfo: str, *, n_connections: int, timeout_s: float) -> None:
        super().__init__(
            conninfo=conninfo,
            configure=_configure,
            min_size=1,
            max_size=n_connections,
            timeout=timeout_s,
            reconnect_timeout=timeout_s,
        )
        self.is_patient = False
        """Whether to wait for the server to come back."""

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Execute a query: heartbeats, ends of jobs; one of a job that others have seen to meanwhile is in vain."""
        while True:
            try:
                await super().execute_query_async(query, **arguments)
            except ConnectorException as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    _log.debug("%s", error.__cause__)
                    return
                await self._wait_or_raise(error)
            else:
                return

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """Execute a query that gives one row: the next job."""
        while True:
            try:
                row: dict[str, Any] = await super().execute_query_one_async(query, **arguments)
            except ConnectorException as error:
                await self._wait_or_raise(error)
            else:
                return row

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Listen for new jobs; they are found without, only later."""
        while True:
            try:
                await super().listen_notify(on_notification, channels)
            except ConnectorException as error:
                await self._wait_or_raise(error)

    async def _wait_or_raise(self, error: ConnectorException) -> None:
        if not (self.is_patient and isinstance(error.__cause__, psycopg.OperationalError)):
            raise error
        await asyncio.sleep(_PAUSE_S)


async def make_tables(conninfo: str, where: str) -> None:
    """Make Procrastinate's tables if they are not there; of several processes, one does it.

    Raises:
        JournalUnavailable: The server cannot be reached.
        JournalError: It refuses.
    """
    async with await connect(conninfo, where) as db:
        await db.execute(_SEARCH_PATH)
        if await _are_there(db):
            return
        async with alone(db, _LOCK), db.transaction():
            if not await _are_there(db):
                await db.execute("CREATE SCHEMA IF NOT EXISTS mainspring")
                await db.execute(SchemaManager.get_schema())


async def _are_there(db: Connection) -> bool:
    found = await (await db.execute("SELECT to_regclass('mainspring.procrastinate_jobs') IS NOT NULL")).fetchone()
    return bool(found and found[0])


async def _configure(db: Connection) -> None:
    await db.execute(_SEARCH_PATH)
    await db.commit()
