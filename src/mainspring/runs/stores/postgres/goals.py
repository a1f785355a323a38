"""What the store asks of the database about goals, each a function of an open connection."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Final

from mainspring.core.errors import Conflict
from mainspring.runs.journal import GoalQuery, GoalRow, Wake
from mainspring.runs.stores.postgres.statements import Connection

_ROW: Final = 'id, revision, "user", is_open, created_at, updated_at, body'
_INSERT: Final = (
    f"INSERT INTO mainspring.goals ({_ROW}) "  # noqa: S608 - our own words
    "VALUES (%(id)s, %(revision)s, %(user)s, %(is_open)s, "
    "%(created_at)s, %(updated_at)s, %(body)s) ON CONFLICT (id) DO NOTHING"
)
_UPDATE: Final = (
    'UPDATE mainspring.goals SET revision = %(revision)s, "user" = %(user)s, is_open = %(is_open)s, '
    "updated_at = %(updated_at)s, body = %(body)s WHERE id = %(id)s AND revision = %(revision)s - 1"
)
_DUE: Final = """
    SELECT goal FROM (
        SELECT goal, at FROM mainspring.goal_wakes WHERE run IS NULL AND at <= %(now)s
            AND (agent IS NULL OR agent = ANY(%(agents)s::text[]))
        UNION ALL
        SELECT goal, 0 FROM mainspring.goal_wakes AS wakes LEFT JOIN mainspring.runs ON runs.id = wakes.run
        WHERE wakes.run IS NOT NULL AND (
            runs.status = ANY(wakes.statuses) OR (runs.id IS NULL AND wakes.agent = ANY(%(agents)s::text[])))
    ) AS found GROUP BY goal ORDER BY min(at), goal LIMIT %(limit)s
"""


async def write_goal(db: Connection, row: GoalRow, wakes: Collection[Wake]) -> None:
    """Write a goal over the revision before it."""
    async with db.transaction(), db.cursor() as cursor:
        await cursor.execute(_INSERT if row.revision == 1 else _UPDATE, asdict(row))
        if not cursor.rowcount:
            raise Conflict(f"goal {row.id!r} has not revision {row.revision - 1}: somebody else wrote to it")
        await cursor.execute("DELETE FROM mainspring.goal_wakes WHERE goal = %s", (row.id,))
        if wakes:
            await cursor.executemany(
                "INSERT INTO mainspring.goal_wakes (goal, at, agent, run, statuses) VALUES (%s, %s, %s, %s, %s)",
                [(row.id, wake.at, wake.agent, wake.run, list(wake.statuses)) for wake in wakes],
            )


async def goals(db: Connection, query: GoalQuery) -> list[GoalRow]:
    """Read goals, the newest first."""
    found = await db.execute(
        f"SELECT {_ROW} FROM mainspring.goals WHERE (%(ids)s::text[] IS NULL OR id = ANY(%(ids)s::text[])) "  # noqa: S608 - our own words
        'AND (%(user)s::text IS NULL OR "user" = %(user)s) '
        "AND (%(is_open)s::boolean IS NULL OR is_open = %(is_open)s) "
        "ORDER BY created_at DESC, id DESC LIMIT %(limit)s",
        {
            "ids": None if query.ids is None else list(query.ids),
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
            is_open=row[3],
            created_at=row[4],
            updated_at=row[5],
            body=row[6],
        )
        for row in await found.fetchall()
    ]


async def due_goals(db: Connection, now: float, agents: Collection[str], limit: int) -> list[str]:
    """Read which goals are due."""
    found = await db.execute(_DUE, {"now": now, "agents": list(agents), "limit": limit})
    return [goal for (goal,) in await found.fetchall()]
