"""A group of writes in one transaction: two round trips, however many there are.

The first locks and reads what the writes have to know; the second writes what they come to, and commits.
"""

from collections.abc import Sequence
from typing import Any, Final

from psycopg import AsyncClientCursor, AsyncCursor
from pydantic_core import to_json

from mainspring.core.errors import ConfigError, JournalError
from mainspring.runs.holds import Hold
from mainspring.runs.journal import Append, Status
from mainspring.runs.ledger import AMOUNTS, Amounts, Balance, DoesNotFit
from mainspring.runs.stores.postgres.group import Group, Handed, Row, Write
from mainspring.runs.stores.postgres.money import Holding, Money, Settling
from mainspring.runs.stores.postgres.statements import BALANCE, Connection, balance

Told = Status | None | JournalError | ConfigError | DoesNotFit
"""What came of a write."""

_Cursor = AsyncCursor[tuple[Any, ...]]

_LOCK_RUNS: Final = (
    "SELECT id, n_events, status, woken, budgets, due_at FROM mainspring.runs WHERE id = ANY(%(runs)s::text[]) "
    "ORDER BY id FOR UPDATE"
)
_HOLDS: Final = (
    "SELECT owner, key, amounts, budgets, until FROM mainspring.holds WHERE until < %(now)s UNION ALL "
    "SELECT owner, key, amounts, budgets, until FROM mainspring.holds "
    "JOIN unnest(%(owners)s::text[], %(keys)s::text[]) AS n(owner, key) USING (owner, key)"
)
_LOCK_BUDGETS: Final = (
    f"SELECT {BALANCE} FROM mainspring.budgets WHERE id IN (SELECT unnest(%(budgets)s::text[]) UNION "  # noqa: S608 - our own words
    "SELECT jsonb_array_elements_text(budgets) FROM mainspring.runs WHERE id = ANY(%(spenders)s::text[]) UNION "
    f"SELECT jsonb_array_elements_text(budgets) FROM ({_HOLDS}) AS holds) ORDER BY id FOR UPDATE"
)
_RESERVED: Final = "SELECT run, key, amounts FROM mainspring.reservations WHERE run = ANY(%(spenders)s::text[])"
_CREATE: Final = (
    "INSERT INTO mainspring.runs (id, agent, status, n_events, created_at, updated_at, parent, priority, due_at, "
    "woken, budgets) SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::bigint[], %b::float8[], "
    "%b::float8[], %b::text[], %b::int[], %b::float8[], %b::bool[], %b::text[]::jsonb[])"
)
_CHANGE: Final = (
    "UPDATE mainspring.runs AS runs SET n_events = n.n_events, status = n.status, woken = n.woken, "
    "due_at = n.due_at, updated_at = coalesce(n.updated_at, runs.updated_at), "
    "driver = CASE WHEN n.released THEN NULL ELSE runs.driver END, "
    "lease_until = CASE WHEN n.released THEN NULL ELSE runs.lease_until END "
    "FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::bool[], %b::float8[], %b::float8[], %b::bool[]) "
    "AS n(id, n_events, status, woken, due_at, updated_at, released) WHERE runs.id = n.id"
)
_EVENTS: Final = (
    "INSERT INTO mainspring.events (run, seq, at, type, body, refs) SELECT * FROM unnest(%b::text[], "
    "%b::bigint[], %b::float8[], %b::text[], %b::text[], %b::text[])"
)
_CONTENTS: Final = (
    "INSERT INTO mainspring.contents (digest, body) SELECT * FROM unnest(%b::text[], %b::bytea[]) "
    "ON CONFLICT DO NOTHING"
)
_OPEN: Final = (
    "INSERT INTO mainspring.budgets (id, limits, spent, reserved, since) SELECT * FROM unnest(%b::text[], "
    "%b::text[], %b::text[], %b::text[], %b::bigint[])"
)
_MOVE: Final = (
    "UPDATE mainspring.budgets AS budgets SET limits = n.limits, spent = n.spent, reserved = n.reserved, "
    "since = n.since FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[]) "
    "AS n(id, limits, spent, reserved, since) WHERE budgets.id = n.id"
)
_FREE: Final = (
    "DELETE FROM mainspring.reservations AS held USING unnest(%b::text[], %b::text[]) AS n(run, key) "
    "WHERE held.run = n.run AND held.key = n.key"
)
_RESERVE: Final = (
    "INSERT INTO mainspring.reservations (run, key, amounts) SELECT * FROM unnest(%b::text[], %b::text[], "
    "%b::text[])"
)
_LET_GO: Final = (
    "DELETE FROM mainspring.holds USING unnest(%b::text[], %b::text[]) AS n(owner, key) "
    "WHERE holds.owner = n.owner AND holds.key = n.key"
)
_HOLD: Final = (
    "INSERT INTO mainspring.holds (owner, key, amounts, budgets, until) SELECT * FROM unnest(%b::text[], "
    "%b::text[], %b::text[], %b::text[]::jsonb[], %b::float8[])"
)


async def write(db: Connection, writes: list[Write]) -> list[Told]:
    """Do writes in one transaction, and give what came of each.

    Raises:
        psycopg.Error: Nothing is known to be written.
    """
    try:
        group = await _begin(db, writes)
        told = [_take(group, item) for item in writes]
        await _finish(db, group)
    except BaseException:
        if not db.closed:
            await db.rollback()
        raise
    return told


def _take(group: Group, item: Write) -> Told:
    try:
        return group.take(item)
    except (JournalError, ConfigError, DoesNotFit) as refusal:
        return refusal


async def _begin(db: Connection, writes: Sequence[Write]) -> Group:
    """Begin the transaction; lock and read the runs, and the budgets and holds where any are drawn on."""
    appends = [item for item in writes if isinstance(item, Handed)]
    holding = [item for item in writes if not isinstance(item, Handed)]
    spending = [item.batch for item in appends if item.moves_money]
    values: dict[str, object] = {
        "runs": list({name for item in appends for name in (item.batch.run, item.batch.wake) if name is not None})
    }
    # One query and no pipeline: the server forgets its limit for idle transactions when a pipeline ends.
    async with AsyncClientCursor(db) as cursor:
        if not (spending or holding):
            await cursor.execute(f"BEGIN; {_LOCK_RUNS}", values)
            return Group(await _rows(cursor), Money({}, {}, ()))
        values |= _money_values(spending, holding)
        await cursor.execute(f"BEGIN; {_LOCK_RUNS}; {_LOCK_BUDGETS}; {_RESERVED}; {_HOLDS}", values)
        rows = await _rows(cursor)
        budgets = {row[0]: balance(row) for row in await _next(cursor)}
        reserved = {(row[0], row[1]): AMOUNTS.validate_json(row[2]) for row in await _next(cursor)}
        holds = map(_hold, await _next(cursor))
        # One that was made since the budgets were locked may draw on others: it is left to whoever comes next.
        locked = [hold for hold in holds if all(name in budgets for name in hold.budgets)]
        return Group(rows, Money(budgets, reserved, locked))


def _money_values(spending: Sequence[Append], holding: Sequence[Holding | Settling]) -> dict[str, object]:
    """Give what the statements about money ask for."""
    named = {name for batch in spending for name in batch.limits}
    named |= {name for batch in spending if batch.create is not None for name in batch.create.budgets}
    named |= {name for item in holding if isinstance(item, Holding) for name in item.hold.budgets}
    return {
        "budgets": list(named),
        "spenders": list({batch.run for batch in spending}),
        "owners": [item.place[0] for item in holding],
        "keys": [item.place[1] for item in holding],
        "now": max([*(batch.at for batch in spending), *(item.now for item in holding)]),
    }


async def _rows(cursor: _Cursor) -> dict[str, Row]:
    return {row[0]: Row(row[0], row[1], row[2], row[3], tuple(row[4]), row[5]) for row in await _next(cursor)}


def _hold(row: Sequence[Any]) -> Hold:
    return Hold(row[0], row[1], AMOUNTS.validate_json(row[2]), tuple(row[3]), row[4])


async def _next(cursor: _Cursor) -> list[tuple[Any, ...]]:
    """Read what the next statement of a query has found."""
    cursor.nextset()
    return await cursor.fetchall()


async def _finish(db: Connection, group: Group) -> None:
    """Write what the group comes to, and commit."""
    async with db.pipeline(), db.cursor() as cursor:
        await _write_runs(cursor, group)
        await _write_events(cursor, group)
        await _write_ledger(cursor, group)
        await cursor.execute("COMMIT")


async def _write_runs(cursor: _Cursor, group: Group) -> None:
    created = [
        (
            *(row.id, batch.create.agent, row.status, row.n_events, batch.at, row.updated_at, batch.create.parent),
            *(batch.create.priority, row.due_at, row.is_woken, to_json(row.budgets).decode()),
        )
        for row, batch in ((group.rows[name], batch) for name, batch in sorted(group.created.items()))
        if batch.create is not None
    ]
    changed = [
        (row.id, row.n_events, row.status, row.is_woken, row.due_at, row.updated_at, row.is_released)
        for row in map(group.rows.__getitem__, group.changed - group.created.keys())
    ]
    await _execute(cursor, _CREATE, created)
    await _execute(cursor, _CHANGE, changed)


async def _write_events(cursor: _Cursor, group: Group) -> None:
    events: list[tuple[object, ...]] = []
    contents: dict[str, bytes] = {}
    for item in group.taken:
        contents |= item.contents
        places = enumerate(zip(item.batch.events, item.packed, strict=True), item.batch.expected)
        for seq, ((at, _), event) in places:
            refs = to_json(event.refs).decode() if event.refs else None
            events.append((item.batch.run, seq, at, event.type, event.body.decode(), refs))
    await _execute(cursor, _EVENTS, events)
    await _execute(cursor, _CONTENTS, sorted(contents.items()))


async def _write_ledger(cursor: _Cursor, group: Group) -> None:
    money = group.money
    await _execute(cursor, _OPEN, list(map(_columns, money.opened)))
    await _execute(cursor, _MOVE, list(map(_columns, money.moved)))
    await _execute(cursor, _FREE, money.freed)
    await _execute(cursor, _RESERVE, [(run, key, _json(amounts)) for run, key, amounts in money.reserved])
    await _execute(cursor, _LET_GO, money.let_go)
    holds = [(*hold.place, _json(hold.amounts), to_json(hold.budgets).decode(), hold.until) for hold in money.held]
    await _execute(cursor, _HOLD, holds)


def _columns(item: Balance) -> tuple[object, ...]:
    return item.id, item.budget.model_dump_json(), _json(item.spent), _json(item.reserved), item.since


def _json(amounts: Amounts) -> str:
    return to_json(amounts).decode()


async def _execute(cursor: _Cursor, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Execute a statement on rows, one array for each of their columns; on none, do nothing."""
    if rows:
        await cursor.execute(sql, list(map(list, zip(*rows, strict=True))))
