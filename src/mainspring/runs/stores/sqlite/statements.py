"""What the store does to the database, each a function of an open connection.

A function that refuses (`Conflict`, `DoesNotFit`, `UnknownRun`) does so before it writes anything of its own, since
others share its transaction.
"""

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic_core import from_json, to_json

from mainspring.core import Entry
from mainspring.core.errors import Conflict, JournalError, UnknownRun
from mainspring.core.events import Attempted
from mainspring.runs.journal import ENDED, Append, Lease, Query, RunRow, Status
from mainspring.runs.ledger import AMOUNTS, Amounts, Balance, Settle, in_window, reserve, settle
from mainspring.runs.stored import Packed, pack, unpack
from mainspring.runs.stores.sqlite.money import amounts_json, balances, lapse, write_balances

_ROW: Final = (
    "id, agent, status, n_events, created_at, updated_at, parent, priority, due_at, driver, lease_until, budgets"
)
_MAX_VARIABLES: Final = 500


def append(db: sqlite3.Connection, batch: Append, packed: list[Packed], contents: Mapping[str, bytes]) -> Status:
    """Write a batch, and give the run's status after it."""
    batch = _all_settled(db, batch)
    balances = _after(db, batch) if batch.reserve or batch.settle else []
    status = _write_row(db, batch, len(packed))
    _write_events(db, batch, packed, contents)
    _write_ledger(db, batch, balances)
    if batch.wake is not None:
        db.execute(
            "UPDATE runs SET woken = 1, due_at = CASE status WHEN 'waiting' THEN NULL ELSE due_at END, "
            "status = CASE status WHEN 'waiting' THEN 'pending' ELSE status END WHERE id = ?",
            (batch.wake,),
        )
    return "pending" if batch.wake == batch.run and status == "waiting" else status


def claim(db: sqlite3.Connection, run: str, attempted: Attempted, lease: Lease) -> int | None:
    """Take a run over, if it is to be had."""
    found = db.execute(
        "UPDATE runs SET status = 'running', driver = ?, lease_until = ?, woken = 0, due_at = NULL, "
        "updated_at = ?, n_events = n_events + 1 WHERE id = ? AND (status = 'pending' "
        "OR (status = 'waiting' AND due_at <= ?) "
        "OR (status = 'running' AND (lease_until < ? OR driver = ?))) RETURNING n_events",
        (lease.driver, lease.until, lease.now, run, lease.now, lease.now, lease.take_from or ""),
    ).fetchone()
    if found is None:
        return None
    contents: dict[str, bytes] = {}
    event = pack(attempted, contents)
    db.execute(
        "INSERT INTO events (run, seq, at, type, body) VALUES (?, ?, ?, ?, ?)",
        (run, found[0] - 1, lease.now, event.type, event.body.decode()),
    )
    return int(found[0])


def renew(db: sqlite3.Connection, driver: str, until: float) -> dict[str, int]:
    """Make a driver's leases longer."""
    rows = db.execute(
        "UPDATE runs SET lease_until = ? WHERE driver = ? AND status = 'running' RETURNING id, n_events",
        (until, driver),
    )
    return dict(rows.fetchall())


def entries(db: sqlite3.Connection, run: str, start: int) -> list[Entry]:
    """Read a run's events from a place on."""
    rows = db.execute(
        "SELECT run, seq, at, body, refs FROM events WHERE run = ? AND seq >= ? ORDER BY seq", (run, start)
    ).fetchall()
    return _entries(db, rows)


def asked(db: sqlite3.Connection) -> list[Entry]:
    """Read questions and answers of runs that have not ended."""
    rows = db.execute(
        "SELECT run, seq, at, body, refs FROM events WHERE type IN ('human_asked', 'human_answered') "
        "AND run IN (SELECT id FROM runs WHERE status IN ('pending', 'running', 'waiting')) ORDER BY run, seq"
    ).fetchall()
    return _entries(db, rows)


def rows(db: sqlite3.Connection, query: Query) -> list[RunRow]:
    """Read rows of runs, the newest first."""
    wanted: list[str] = []
    values: list[object] = []
    for column, among in (("id", query.ids), ("agent", query.agents), ("status", query.statuses)):
        if among is not None:
            wanted.append(f"{column} IN (SELECT value FROM json_each(?))")  # noqa: S608 - our own words
            values.append(to_json(list(among)).decode())
    if query.parent is not None:
        wanted.append("parent = ?")
        values.append(query.parent)
    if query.before is not None:
        wanted.append("created_at < ?")
        values.append(query.before)
    where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
    sql = f"SELECT {_ROW} FROM runs {where} ORDER BY created_at DESC, id DESC LIMIT ?"  # noqa: S608 - our own words
    return [_row(found) for found in db.execute(sql, (*values, query.limit))]


def due(db: sqlite3.Connection, now: float, agents: Collection[str], limit: int) -> list[RunRow]:
    """Read the rows of runs that somebody should drive now."""
    found = db.execute(
        f"SELECT {_ROW} FROM runs WHERE agent IN (SELECT value FROM json_each(?)) AND ("  # noqa: S608 - our own words
        "(status = 'pending' AND (due_at IS NULL OR due_at <= ?)) OR (status = 'waiting' AND due_at <= ?) "
        "OR (status = 'running' AND lease_until < ?)) ORDER BY priority DESC, created_at LIMIT ?",
        (to_json(list(agents)).decode(), now, now, now, limit),
    )
    return [_row(row) for row in found]


def _misplaced(db: sqlite3.Connection, batch: Append) -> JournalError:
    """Say why a batch has no place where it was to be written."""
    found = db.execute("SELECT n_events FROM runs WHERE id = ?", (batch.run,)).fetchone()
    if found is None:
        return UnknownRun(f"there is no run {batch.run!r} in this store; see `mainspring runs list`")
    if batch.create is not None:
        return Conflict(f"there is a run {batch.run!r} already; give the other one another id")
    return Conflict(f"run {batch.run!r} has {found[0]} events, not {batch.expected}: somebody else wrote to it")


def _budgets(db: sqlite3.Connection, batch: Append) -> tuple[str, ...]:
    """Give the ids of the budgets that a run draws on."""
    if batch.create is not None:
        return batch.create.budgets
    sql = "SELECT budgets FROM runs WHERE id = ? AND n_events = ?"
    found = db.execute(sql, (batch.run, batch.expected)).fetchone()
    if found is None:
        raise _misplaced(db, batch)
    return tuple(from_json(found[0]))


def _all_settled(db: sqlite3.Connection, batch: Append) -> Append:
    """Give the batch with a settlement for everything that an ended run still holds back."""
    if batch.status not in ENDED or batch.create is not None:
        return batch
    named = {item.key for item in batch.settle}
    held = db.execute("SELECT key FROM reservations WHERE run = ?", (batch.run,)).fetchall()
    return replace(batch, settle=(*batch.settle, *(Settle(key) for (key,) in held if key not in named)))


def _after(db: sqlite3.Connection, batch: Append) -> list[Balance]:
    """Give the budgets as they are after the batch; refuse it where they do not allow it."""
    budgets = _budgets(db, batch)
    if batch.reserve:
        lapse(db, batch.at)
    known = balances(db, budgets)
    for name, budget in batch.limits.items():
        known[name] = replace(known.get(name) or Balance(name, budget), budget=budget)
    now = [in_window(known[name], batch.at) for name in budgets if name in known]
    for settled in batch.settle:
        held = _reserved(db, batch.run, settled.key)
        now = settle(now, held, held if settled.amounts is None else settled.amounts)
    for wanted in batch.reserve:
        now = reserve(now, wanted)
    return now


def _write_row(db: sqlite3.Connection, batch: Append, n_new: int) -> Status:
    status: Status
    if (new := batch.create) is not None:
        status = batch.status or "pending"
        written = db.execute(
            "INSERT OR IGNORE INTO runs (id, agent, status, n_events, created_at, updated_at, parent, priority, "
            "due_at, budgets) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(batch.run, new.agent, status, n_new, batch.at, batch.at, new.parent, new.priority, new.due_at),
                to_json(new.budgets).decode(),
            ),
        )
        if not written.rowcount:
            raise _misplaced(db, batch)
        return status
    if batch.status is None:
        sql = "UPDATE runs SET n_events = ?, updated_at = ? WHERE id = ? AND n_events = ? RETURNING status"
        after = db.execute(sql, (batch.expected + n_new, batch.at, batch.run, batch.expected)).fetchall()
    else:
        sql = (
            "UPDATE runs SET n_events = :n_events, updated_at = :at, "
            "driver = CASE :status WHEN 'running' THEN driver END, "
            "lease_until = CASE :status WHEN 'running' THEN lease_until END, "
            "due_at = CASE WHEN :status = 'waiting' AND woken THEN NULL ELSE :due_at END, "
            "status = CASE WHEN :status = 'waiting' AND woken THEN 'pending' ELSE :status END "
            "WHERE id = :run AND n_events = :expected RETURNING status"
        )
        values = {
            "n_events": batch.expected + n_new,
            "at": batch.at,
            "due_at": batch.due_at,
            "status": batch.status,
            "run": batch.run,
            "expected": batch.expected,
        }
        after = db.execute(sql, values).fetchall()
    if not after:
        raise _misplaced(db, batch)
    status = after[0][0]
    return status


def _write_events(
    db: sqlite3.Connection, batch: Append, packed: list[Packed], contents: Mapping[str, bytes]
) -> None:
    db.executemany(
        "INSERT INTO events (run, seq, at, type, body, refs) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                *(batch.run, batch.expected + place, at, event.type, event.body.decode()),
                to_json(event.refs).decode() if event.refs else None,
            )
            for place, ((at, _), event) in enumerate(zip(batch.events, packed, strict=True))
        ],
    )
    if contents:
        db.executemany("INSERT OR IGNORE INTO contents (digest, body) VALUES (?, ?)", list(contents.items()))


def _write_ledger(db: sqlite3.Connection, batch: Append, after: list[Balance]) -> None:
    db.executemany(
        "INSERT INTO budgets (id, limits) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET limits = excluded.limits",
        [(name, budget.model_dump_json()) for name, budget in batch.limits.items()],
    )
    if not after:
        return
    write_balances(db, after)
    db.executemany(
        "DELETE FROM reservations WHERE run = ? AND key = ?", [(batch.run, item.key) for item in batch.settle]
    )
    db.executemany(
        "INSERT INTO reservations (run, key, amounts) VALUES (?, ?, ?)",
        [(batch.run, item.key, amounts_json(item.amounts)) for item in batch.reserve],
    )


def _reserved(db: sqlite3.Connection, run: str, key: str) -> Amounts:
    found = db.execute("SELECT amounts FROM reservations WHERE run = ? AND key = ?", (run, key)).fetchone()
    return AMOUNTS.validate_json(found[0]) if found else {}


def _entries(db: sqlite3.Connection, found: list[Any]) -> list[Entry]:
    refs = [tuple(from_json(row[4])) if row[4] else () for row in found]
    contents = _contents(db, {ref for several in refs for ref in several})
    return [
        Entry(run=row[0], seq=row[1], at=row[2], event=unpack(row[3], several, contents))
        for row, several in zip(found, refs, strict=True)
    ]


def _contents(db: sqlite3.Connection, digests: set[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    wanted = list(digests)
    for start in range(0, len(wanted), _MAX_VARIABLES):
        some = to_json(wanted[start : start + _MAX_VARIABLES]).decode()
        sql = "SELECT digest, body FROM contents WHERE digest IN (SELECT value FROM json_each(?))"
        found.update(db.execute(sql, (some,)).fetchall())
    return found


def _row(found: Any) -> RunRow:
    *fields, budgets = found
    return replace(RunRow(*fields), budgets=tuple(from_json(budgets)))
