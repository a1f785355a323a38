"""What the store asks of the database, each a function of an open connection.

Rows are locked in one order everywhere (runs by id, then budgets by id, then what is new by its key), so that no
two writers ever wait for each other.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

from psycopg import AsyncConnection
from pydantic_core import from_json

from mainspring.core import Budget, Entry
from mainspring.core.events import Attempted
from mainspring.runs.journal import Lease, Query, RunRow
from mainspring.runs.ledger import AMOUNTS, Balance
from mainspring.runs.stored import pack, unpack
from mainspring.runs.windows import Window

Connection = AsyncConnection[tuple[Any, ...]]

_ROW: Final = (
    "id, agent, status, n_events, created_at, updated_at, parent, priority, due_at, driver, lease_until, budgets"
)
BALANCE: Final = 'id, limits, spent, reserved, "window", since'
_CONTENTS: Final = "SELECT digest, body FROM mainspring.contents WHERE digest = ANY(%b::text[])"


async def claim(db: Connection, run: str, attempted: Attempted, lease: Lease) -> int | None:
    """Take a run over, if it is to be had."""
    event = pack(attempted, {})
    found = await db.execute(
        "WITH taken AS (UPDATE mainspring.runs SET status = 'running', driver = %(driver)s, "
        "lease_until = %(until)s, woken = false, due_at = NULL, updated_at = %(now)s, n_events = n_events + 1 "
        "WHERE id = %(run)s AND (status = 'pending' OR (status = 'waiting' AND due_at <= %(now)s) "
        "OR (status = 'running' AND (lease_until < %(now)s OR driver = %(dead)s))) RETURNING id, n_events), "
        "written AS (INSERT INTO mainspring.events (run, seq, at, type, body) "
        "SELECT id, n_events - 1, %(now)s, %(type)s, %(body)s FROM taken) SELECT n_events FROM taken",
        {
            "run": run,
            "driver": lease.driver,
            "until": lease.until,
            "now": lease.now,
            "dead": lease.take_from or "",
            "type": event.type,
            "body": event.body.decode(),
        },
    )
    row = await found.fetchone()
    return None if row is None else int(row[0])


async def renew(db: Connection, driver: str, until: float) -> dict[str, int]:
    """Make a driver's leases longer."""
    found = await db.execute(
        "WITH mine AS (SELECT id FROM mainspring.runs WHERE driver = %s AND status = 'running' ORDER BY id "
        "FOR UPDATE) UPDATE mainspring.runs AS runs SET lease_until = %s FROM mine WHERE runs.id = mine.id "
        "RETURNING runs.id, runs.n_events",
        (driver, until),
    )
    return dict(await found.fetchall())


async def entries(db: Connection, run: str, start: int) -> list[Entry]:
    """Read a run's events from a place on."""
    found = await db.execute(
        "SELECT run, seq, at, body, refs FROM mainspring.events WHERE run = %s AND seq >= %s ORDER BY seq",
        (run, start),
        binary=True,
    )
    return await _entries(db, await found.fetchall())


async def asked(db: Connection) -> list[Entry]:
    """Read questions and answers of runs that have not ended."""
    found = await db.execute(
        "SELECT run, seq, at, body, refs FROM mainspring.events WHERE type IN ('human_asked', 'human_answered') "
        "AND run IN (SELECT id FROM mainspring.runs WHERE status IN ('pending', 'running', 'waiting')) "
        "ORDER BY run, seq",
        binary=True,
    )
    return await _entries(db, await found.fetchall())


async def content(db: Connection, digest: str) -> bytes | None:
    """Read kept content."""
    found = await db.execute(_CONTENTS, ([digest],), binary=True)
    row = await found.fetchone()
    return None if row is None else row[1]


async def rows(db: Connection, query: Query) -> list[RunRow]:
    """Read rows of runs, the newest first."""
    wanted: list[str] = []
    values: list[object] = []
    for column, among in (("id", query.ids), ("agent", query.agents), ("status", query.statuses)):
        if among is not None:
            wanted.append(f"{column} = ANY(%s::text[])")
            values.append(list(among))
    if query.parent is not None:
        wanted.append("parent = %s")
        values.append(query.parent)
    if query.before is not None:
        wanted.append("created_at < %s")
        values.append(query.before)
    where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
    sql = f"SELECT {_ROW} FROM mainspring.runs {where} ORDER BY created_at DESC, id DESC LIMIT %s"  # noqa: S608 - our own words
    found = await db.execute(sql, (*values, query.limit))
    return list(map(_row, await found.fetchall()))


async def due(db: Connection, now: float, agents: Collection[str], limit: int) -> list[RunRow]:
    """Read the rows of runs that somebody should drive now."""
    found = await db.execute(
        f"SELECT {_ROW} FROM mainspring.runs WHERE agent = ANY(%(agents)s::text[]) AND ("  # noqa: S608 - our own words
        "(status = 'pending' AND (due_at IS NULL OR due_at <= %(now)s)) "
        "OR (status = 'waiting' AND due_at <= %(now)s) OR (status = 'running' AND lease_until < %(now)s)) "
        "ORDER BY priority DESC, created_at LIMIT %(limit)s",
        {"agents": list(agents), "now": now, "limit": limit},
    )
    return list(map(_row, await found.fetchall()))


async def balances(db: Connection, ids: Collection[str]) -> dict[str, Balance]:
    """Read budgets."""
    found = await db.execute(
        f"SELECT {BALANCE} FROM mainspring.budgets WHERE id = ANY(%s::text[])",  # noqa: S608 - our own words
        (list(ids),),
    )
    return {row[0]: balance(row) for row in await found.fetchall()}


async def allow(db: Connection, name: str, budget: Budget, *, window: Window | None) -> None:
    """Open a budget, or give it new limits."""
    await db.execute(
        'INSERT INTO mainspring.budgets (id, limits, "window") VALUES (%s, %s, %s) '
        'ON CONFLICT (id) DO UPDATE SET limits = excluded.limits, "window" = excluded."window"',
        (name, budget.model_dump_json(), window),
    )


async def response(db: Connection, digest: str) -> bytes | None:
    """Read a stored reply."""
    sql = "SELECT reply FROM mainspring.responses WHERE digest = %s"
    row = await (await db.execute(sql, (digest,), binary=True)).fetchone()
    return None if row is None else row[0]


async def store_response(db: Connection, digest: str, reply: bytes, at: float) -> None:
    """Store a reply; one that is there already stays."""
    await db.execute(
        "INSERT INTO mainspring.responses (digest, reply, at) VALUES (%s, %b, %s) ON CONFLICT DO NOTHING",
        (digest, reply, at),
    )


def balance(row: Sequence[Any]) -> Balance:
    """Make a budget of its row."""
    return Balance(
        id=row[0],
        budget=Budget.model_validate_json(row[1]),
        spent=AMOUNTS.validate_json(row[2]),
        reserved=AMOUNTS.validate_json(row[3]),
        window=row[4],
        since=row[5],
    )


def _row(found: tuple[Any, ...]) -> RunRow:
    return replace(RunRow(*found), budgets=tuple(found[-1]))


async def _entries(db: Connection, found: list[tuple[Any, ...]]) -> list[Entry]:
    refs = [tuple(from_json(row[4])) if row[4] else () for row in found]
    wanted = list({ref for several in refs for ref in several})
    contents: dict[str, bytes] = {}
    if wanted:
        contents = dict(await (await db.execute(_CONTENTS, (wanted,), binary=True)).fetchall())
    return [
        Entry(run=row[0], seq=row[1], at=row[2], event=unpack(row[3], several, contents))
        for row, several in zip(found, refs, strict=True)
    ]
