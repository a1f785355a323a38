"""What the store does to goals, each a function of an open connection.

A write that finds another revision than the one before its own refuses before it writes anything.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import asdict
from typing import Final

from pydantic_core import to_json

from mainspring.core.errors import Conflict
from mainspring.runs.journal import GoalQuery, GoalRow, Wake

_ROW: Final = 'id, revision, "user", is_open, created_at, updated_at, body'
_INSERT: Final = (
    f"INSERT INTO goals ({_ROW}) "  # noqa: S608 - our own words
    "VALUES (:id, :revision, :user, :is_open, :created_at, :updated_at, :body) "
    "ON CONFLICT (id) DO NOTHING"
)
_UPDATE: Final = (
    'UPDATE goals SET revision = :revision, "user" = :user, is_open = :is_open, updated_at = :updated_at, '
    "body = :body WHERE id = :id AND revision = :revision - 1"
)
_DUE: Final = """
    SELECT goal FROM (
        SELECT goal, at FROM goal_wakes WHERE run IS NULL AND at <= :now
            AND (agent IS NULL OR agent IN (SELECT value FROM json_each(:agents)))
        UNION ALL
        SELECT goal, 0 FROM goal_wakes LEFT JOIN runs ON runs.id = goal_wakes.run WHERE run IS NOT NULL AND (
            runs.status IN (SELECT value FROM json_each(goal_wakes.statuses))
            OR (runs.id IS NULL AND goal_wakes.agent IN (SELECT value FROM json_each(:agents))))
    ) GROUP BY goal ORDER BY min(at), goal LIMIT :limit
"""


def write_goal(db: sqlite3.Connection, row: GoalRow, wakes: Collection[Wake]) -> None:
    """Write a goal over the revision before it."""
    sql = _INSERT if row.revision == 1 else _UPDATE
    written = db.execute(sql, asdict(row))
    if not written.rowcount:
        raise Conflict(f"goal {row.id!r} has not revision {row.revision - 1}: somebody else wrote to it")
    db.execute("DELETE FROM goal_wakes WHERE goal = ?", (row.id,))
    db.executemany(
        "INSERT INTO goal_wakes (goal, at, agent, run, statuses) VALUES (?, ?, ?, ?, ?)",
        [(row.id, wake.at, wake.agent, wake.run, to_json(wake.statuses).decode()) for wake in wakes],
    )


def goals(db: sqlite3.Connection, query: GoalQuery) -> list[GoalRow]:
    """Read goals, the newest first."""
    found = db.execute(
        f"SELECT {_ROW} FROM goals WHERE (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids))) "  # noqa: S608 - our own words
        'AND (:user IS NULL OR "user" = :user) AND (:is_open IS NULL OR is_open = :is_open) '
        "ORDER BY created_at DESC, id DESC LIMIT :limit",
        {
            "ids": None if query.ids is None else to_json(list(query.ids)).decode(),
            "user": query.user,
            "is_open": query.is_open,
            "limit": query.limit,
        },
    )
    return [
        GoalRow(
            id=row[0],
            revision=row[1],
            user=row[2],
            is_open=bool(row[3]),
            created_at=row[4],
            updated_at=row[5],
            body=row[6],
        )
        for row in found
    ]


def due_goals(db: sqlite3.Connection, now: float, agents: Collection[str], limit: int) -> list[str]:
    """Read which goals are due."""
    values = {"now": now, "agents": to_json(list(agents)).decode(), "limit": limit}
    return [goal for (goal,) in db.execute(_DUE, values)]
