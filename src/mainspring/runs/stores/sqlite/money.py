"""What the store does to budgets, and to what is held of them for something that is not a run.

A function that refuses does so before it writes anything, save that holds whose time has passed are settled first:
that is right whatever becomes of the rest.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json, to_json

from mainspring.core import Budget
from mainspring.runs.holds import Hold, held_twice, hold_back
from mainspring.runs.holds import settle_hold as settled_hold
from mainspring.runs.ledger import AMOUNTS, Amounts, Balance, Settle
from mainspring.runs.windows import Window


def balances(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Balance]:
    """Read budgets."""
    found = db.execute(
        'SELECT id, limits, spent, reserved, "window", since FROM budgets '
        "WHERE id IN (SELECT value FROM json_each(?))",
        (to_json(list(ids)).decode(),),
    )
    return {row[0]: _balance(row) for row in found}


def allow(db: sqlite3.Connection, id: str, budget: Budget, *, window: Window | None) -> None:  # noqa: A002 - it is one
    """Open a budget, or give it new limits."""
    db.execute(
        'INSERT INTO budgets (id, limits, "window") VALUES (?, ?, ?) '
        'ON CONFLICT (id) DO UPDATE SET limits = excluded.limits, "window" = excluded."window"',
        (id, budget.model_dump_json(), window),
    )


def write_balances(db: sqlite3.Connection, after: Iterable[Balance]) -> None:
    """Write what budgets have come to."""
    db.executemany(
        "UPDATE budgets SET spent = ?, reserved = ?, since = ? WHERE id = ?",
        [(amounts_json(item.spent), amounts_json(item.reserved), item.since, item.id) for item in after],
    )


def hold(db: sqlite3.Connection, wanted: Hold, now: float) -> None:
    """Hold something back, if it fits."""
    lapse(db, now)
    if _held(db, *wanted.place) is not None:
        raise held_twice(*wanted.place)
    write_balances(db, hold_back(wanted, balances(db, wanted.budgets), now))
    db.execute(
        "INSERT INTO holds (owner, key, amounts, budgets, until) VALUES (?, ?, ?, ?, ?)",
        (*wanted.place, amounts_json(wanted.amounts), to_json(wanted.budgets).decode(), wanted.until),
    )


def settle_hold(db: sqlite3.Connection, owner: str, settled: Settle, now: float) -> None:
    """Settle a hold, if it is there."""
    if (found := _held(db, owner, settled.key)) is not None:
        _settle(db, found, settled.amounts, now)


def lapse(db: sqlite3.Connection, now: float) -> None:
    """Count what is held as spent where its time has passed."""
    found = db.execute(
        "SELECT owner, key, amounts, budgets, until FROM holds WHERE until < ? ORDER BY until", (now,)
    ).fetchall()
    for row in found:
        _settle(db, _hold(row), None, now)


def amounts_json(amounts: Amounts) -> str:
    """Write amounts as they are stored."""
    return to_json(amounts).decode()


def _settle(db: sqlite3.Connection, item: Hold, amounts: Amounts | None, now: float) -> None:
    write_balances(db, settled_hold(item, balances(db, item.budgets), amounts, now))
    db.execute("DELETE FROM holds WHERE owner = ? AND key = ?", item.place)


def _held(db: sqlite3.Connection, owner: str, key: str) -> Hold | None:
    found = db.execute(
        "SELECT owner, key, amounts, budgets, until FROM holds WHERE owner = ? AND key = ?", (owner, key)
    ).fetchone()
    return None if found is None else _hold(found)


def _hold(found: Any) -> Hold:
    return Hold(
        owner=found[0],
        key=found[1],
        amounts=AMOUNTS.validate_json(found[2]),
        budgets=tuple(from_json(found[3])),
        until=found[4],
    )


def _balance(found: Any) -> Balance:
    return Balance(
        id=found[0],
        budget=Budget.model_validate_json(found[1]),
        spent=AMOUNTS.validate_json(found[2]),
        reserved=AMOUNTS.validate_json(found[3]),
        window=found[4],
        since=found[5],
    )
