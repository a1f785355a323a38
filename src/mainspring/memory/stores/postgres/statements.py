"""What the store asks of PostgreSQL, each a function of an open connection.

Rows are locked in the order of their numbers, or left out where somebody else has them, so that no two writers ever
wait for each other.
"""

from collections.abc import Collection, Sequence
from itertools import count
from typing import Final

from mainspring.core import Rng
from mainspring.memory.codec import decode, encode
from mainspring.memory.note import NewNote, Note, Scope, noted, refreshed, sameness
from mainspring.memory.ranking import Candidate
from mainspring.memory.searching import N_CANDIDATES
from mainspring.memory.store import Filter
from mainspring.memory.stores.migrations import Migration, missing
from mainspring.memory.stores.postgres.connections import Connection
from mainspring.memory.words import finds_longer, words_of

_LOCK: Final = 6_301_748_102_945_401
"""Names the work on the tables among the database's advisory locks; any number that nobody else uses."""
_SAME: Final = "SELECT body FROM mainspring.memory_notes WHERE scope = %s AND same = %s FOR UPDATE"
_EXPIRED: Final = (
    "DELETE FROM mainspring.memory_notes WHERE number IN "
    "(SELECT number FROM mainspring.memory_notes WHERE expires_at <= %s FOR UPDATE SKIP LOCKED)"
)
_INSERT: Final = (
    "INSERT INTO mainspring.memory_notes (id, scope, same, kind, pinned, updated_at, expires_at, words, body) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, to_tsvector('mainspring.memory_words', %s), %s) "
    "ON CONFLICT DO NOTHING RETURNING id"
)
_UPDATE: Final = (
    "UPDATE mainspring.memory_notes SET kind = %s, pinned = %s, updated_at = %s, expires_at = %s, body = %s "
    "WHERE id = %s"
)
_BY_WORDS: Final = (
    "WITH asked AS MATERIALIZED (SELECT to_tsquery('mainspring.memory_words', %(any)s) AS some, "
    "(SELECT array_agg(to_tsquery('mainspring.memory_words', word)) FROM unnest(%(each)s::text[]) AS word) "
    "AS each) "
    "SELECT body, n_uses, (SELECT count(*) FROM unnest(asked.each) AS one WHERE words @@ one) AS n_words, "
    "ts_rank_cd(words, asked.some, 1) AS strength FROM mainspring.memory_notes, asked "
    "WHERE scope = ANY(%(scopes)s::text[]) AND words @@ asked.some "
    "AND (expires_at IS NULL OR expires_at > %(now)s) "
    "ORDER BY n_words DESC, strength DESC, updated_at DESC LIMIT %(limit)s"
)
_BY_IDS: Final = (
    "SELECT body, n_uses FROM mainspring.memory_notes WHERE id = ANY(%(ids)s::text[]) "
    "AND scope = ANY(%(scopes)s::text[]) AND (expires_at IS NULL OR expires_at > %(now)s)"
)
_COUNT_USE: Final = (
    "WITH quickly AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)), "
    "free AS (SELECT number FROM mainspring.memory_notes WHERE id = ANY(%s::text[]) ORDER BY number "
    "FOR UPDATE SKIP LOCKED) "
    "UPDATE mainspring.memory_notes AS notes SET n_uses = n_uses + 1 FROM free, quickly "
    "WHERE notes.number = free.number"
)
"""Nobody waits for a tally, neither for its lock nor for the disk."""
_FIND: Final = (
    "SELECT body FROM mainspring.memory_notes WHERE scope = ANY(%(scopes)s::text[]) "
    "AND (expires_at IS NULL OR expires_at > %(now)s) "
    "AND (%(ids)s::text[] IS NULL OR id = ANY(%(ids)s::text[])) "
    "AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s::text[])) "
    "AND (%(pinned)s::boolean IS NULL OR pinned = %(pinned)s::boolean) "
    "ORDER BY updated_at DESC, number DESC LIMIT %(limit)s::bigint"
)
_FORGET: Final = (
    "DELETE FROM mainspring.memory_notes WHERE number IN (SELECT number FROM mainspring.memory_notes "
    "WHERE scope = ANY(%(scopes)s::text[]) AND (%(ids)s::text[] IS NULL OR id = ANY(%(ids)s::text[])) "
    "ORDER BY number FOR UPDATE)"
)


async def bring_up_to_date(db: Connection, where: str) -> None:
    """Apply the steps that the database has not had; of several processes that open it at once, one does it.

    Raises:
        MemoryStoreError: A newer Mainspring wrote it.
    """
    if not await _missing(db, where):
        return
    await db.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        async with db.transaction():
            await db.execute("CREATE SCHEMA IF NOT EXISTS mainspring")
            await db.execute("CREATE TABLE IF NOT EXISTS mainspring.memory_migrations (number integer PRIMARY KEY)")
            for migration in await _missing(db, where):
                await db.execute(migration.sql.encode())
                await db.execute("INSERT INTO mainspring.memory_migrations VALUES (%s)", (migration.number,))
    finally:
        if not db.closed:
            await db.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


async def add(db: Connection, new: NewNote, now: float, rng: Rng) -> Note:
    """Keep a note, or refresh the one with the same words; what has expired is removed."""
    async with db.transaction():
        await db.execute(_EXPIRED, (now,))
        for n_bytes in count(3):
            note = await _refreshed(db, new, now) or await _inserted(db, noted(new, id=rng.token(n_bytes), at=now))
            if note is not None:
                return note
    raise AssertionError("there is always a longer id")


async def by_words(db: Connection, words: Sequence[str], scopes: Collection[Scope], now: float) -> list[Candidate]:
    """Find the notes with most of the words."""
    each = [_quoted(word) for word in words]
    asked = {"any": " | ".join(each), "each": each, "scopes": _keys(scopes), "now": now, "limit": N_CANDIDATES}
    found = await db.execute(_BY_WORDS, asked)
    return [
        Candidate(decode(body), n_uses, n_words, strength)
        for body, n_uses, n_words, strength in await found.fetchall()
    ]


async def by_ids(db: Connection, ids: Collection[str], scopes: Collection[Scope], now: float) -> list[Candidate]:
    """Read some notes, where they are in the scopes."""
    found = await db.execute(_BY_IDS, {"ids": list(ids), "scopes": _keys(scopes), "now": now})
    return [Candidate(decode(body), n_uses) for body, n_uses in await found.fetchall()]


async def count_use(db: Connection, ids: Collection[str]) -> None:
    """Count that notes were found, but for those that somebody else is writing just now."""
    await db.execute(_COUNT_USE, (list(ids),))


async def find(db: Connection, which: Filter, now: float) -> list[Note]:
    """Read notes, those that were said last first."""
    found = await db.execute(
        _FIND,
        {
            "scopes": _keys(which.scopes),
            "ids": None if which.ids is None else list(which.ids),
            "kinds": None if which.kinds is None else list(which.kinds),
            "pinned": which.pinned,
            "limit": which.limit,
            "now": now,
        },
    )
    return [decode(body) for (body,) in await found.fetchall()]


async def forget(db: Connection, scopes: Collection[Scope], ids: Collection[str] | None) -> int:
    """Remove notes."""
    removed = await db.execute(_FORGET, {"scopes": _keys(scopes), "ids": None if ids is None else list(ids)})
    return removed.rowcount


async def _refreshed(db: Connection, new: NewNote, now: float) -> Note | None:
    row = await (await db.execute(_SAME, (new.scope.key, sameness(new.text)))).fetchone()
    if row is None:
        return None
    note = refreshed(decode(row[0]), new, at=now)
    await db.execute(_UPDATE, (note.kind, note.pinned, note.updated_at, note.expires_at, encode(note), note.id))
    return note


async def _inserted(db: Connection, note: Note) -> Note | None:
    """Write a note, unless its id is taken or somebody wrote the same meanwhile."""
    written = await db.execute(
        _INSERT,
        (
            note.id,
            note.scope.key,
            sameness(note.text),
            note.kind,
            note.pinned,
            note.updated_at,
            note.expires_at,
            " ".join(words_of(note.text)),
            encode(note),
        ),
    )
    return None if await written.fetchone() is None else note


async def _missing(db: Connection, where: str) -> list[Migration]:
    found = await (await db.execute("SELECT to_regclass('mainspring.memory_migrations') IS NOT NULL")).fetchone()
    applied = 0
    if found and found[0]:
        newest = await (await db.execute("SELECT max(number) FROM mainspring.memory_migrations")).fetchone()
        applied = (newest[0] or 0) if newest else 0
    return missing("postgres", applied, where)


def _keys(scopes: Collection[Scope]) -> list[str]:
    return [scope.key for scope in scopes]


def _quoted(word: str) -> str:
    """Write a word for the text search; it has letters and digits only."""
    return f"'{word}':*" if finds_longer(word) else f"'{word}'"
