"""Brings the tables up to date; of several processes that open a database at once, one does it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mainspring.runs.stores.migrations import Migration, missing
from mainspring.runs.stores.postgres.statements import Connection

_LOCK: Final = 6_301_748_102_945_337
"""Names the work among the database's advisory locks; any number that nobody else uses."""
_APPLIED: Final = "SELECT coalesce(max(number), 0) FROM mainspring.migrations"


async def bring_up_to_date(db: Connection, where: str) -> None:
    """Apply the steps that the database has not had.

    Raises:
        JournalError: A newer Mainspring wrote it.
    """
    if not await _missing(db, where):
        return
    async with alone(db, _LOCK), db.transaction():
        await db.execute("CREATE SCHEMA IF NOT EXISTS mainspring")
        await db.execute(
            "CREATE TABLE IF NOT EXISTS mainspring.migrations (number integer PRIMARY KEY, name text NOT NULL, "
            "applied_at timestamptz NOT NULL DEFAULT now())"
        )
        for migration in await _missing(db, where):
            await db.execute(migration.sql.encode())
            await db.execute(
                "INSERT INTO mainspring.migrations (number, name) VALUES (%s, %s)",
                (migration.number, migration.name),
            )


@asynccontextmanager
async def alone(db: Connection, number: int) -> AsyncIterator[None]:
    """Hold an advisory lock, taken before any transaction begins: what begins under it sees what the others did."""
    await db.execute("SELECT pg_advisory_lock(%s)", (number,))
    try:
        yield
    finally:
        if not db.closed:
            await db.execute("SELECT pg_advisory_unlock(%s)", (number,))


async def _missing(db: Connection, where: str) -> list[Migration]:
    found = await (await db.execute("SELECT to_regclass('mainspring.migrations') IS NOT NULL")).fetchone()
    applied = await (await db.execute(_APPLIED)).fetchone() if found and found[0] else None
    return missing("postgres", applied[0] if applied else 0, where)
