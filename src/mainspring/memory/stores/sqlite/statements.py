"""What the store asks of SQLite, each a function of an open connection.

The text search is asked once for each word: that tells how many of the words a note has, and the sum of their bm25,
which is the bm25 of them all.
"""

import sqlite3
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final

from pydantic_core import to_json

from mainspring.core import Rng
from mainspring.memory.codec import decode, encode
from mainspring.memory.note import NewNote, Note, Scope, noted, refreshed, sameness
from mainspring.memory.ranking import Candidate
from mainspring.memory.searching import N_CANDIDATES
from mainspring.memory.store import Filter
from mainspring.memory.stores.migrations import missing
from mainspring.memory.words import finds_longer, words_of

_HIT: Final = "SELECT rowid, -bm25(memory_words, 0.0, 1.0) FROM memory_words WHERE memory_words MATCH :{}"
_BY_HITS: Final = (
    "SELECT body, n_uses, count(*) AS n_words, sum(strength) AS total FROM hits JOIN memory_notes USING (number) "
    "WHERE scope IN (SELECT value FROM json_each(:scopes)) AND (expires_at IS NULL OR expires_at > :now) "
    "GROUP BY number ORDER BY n_words DESC, total DESC, updated_at DESC LIMIT :limit"
)
_BY_IDS: Final = (
    "SELECT body, n_uses FROM memory_notes WHERE id IN (SELECT value FROM json_each(:ids)) "
    "AND scope IN (SELECT value FROM json_each(:scopes)) AND (expires_at IS NULL OR expires_at > :now)"
)
_COUNT_USE: Final = "UPDATE memory_notes SET n_uses = n_uses + 1 WHERE id IN (SELECT value FROM json_each(:ids))"
_FIND: Final = (
    "SELECT body FROM memory_notes WHERE scope IN (SELECT value FROM json_each(:scopes)) "
    "AND (expires_at IS NULL OR expires_at > :now) "
    "AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids))) "
    "AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds))) "
    "AND (:pinned IS NULL OR pinned = :pinned) ORDER BY updated_at DESC, number DESC LIMIT :limit"
)
_FORGET: Final = (
    "DELETE FROM memory_notes WHERE scope IN (SELECT value FROM json_each(:scopes)) "
    "AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))"
)
_INSERT: Final = (
    "INSERT INTO memory_notes (id, scope, same, kind, pinned, updated_at, expires_at, words, body) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE: Final = (
    "UPDATE memory_notes SET kind = ?, pinned = ?, updated_at = ?, expires_at = ?, body = ? WHERE id = ?"
)


def bring_up_to_date(db: sqlite3.Connection, where: str) -> None:
    """Apply the steps that the database has not had.

    Raises:
        MemoryStoreError: A newer Mainspring wrote it.
    """
    db.execute("CREATE TABLE IF NOT EXISTS memory_migrations (number INTEGER PRIMARY KEY)")
    (applied,) = db.execute("SELECT coalesce(max(number), 0) FROM memory_migrations").fetchone()
    for migration in missing("sqlite", applied, where):
        for statement in _statements(migration.sql):
            db.execute(statement)
        db.execute("INSERT INTO memory_migrations (number) VALUES (?)", (migration.number,))


def add(db: sqlite3.Connection, new: NewNote, now: float, rng: Rng) -> Note:
    """Keep a note, or refresh the one with the same words; what has expired is removed."""
    db.execute("DELETE FROM memory_notes WHERE expires_at <= ?", (now,))
    scope, same = new.scope.key, sameness(new.text)
    found = db.execute("SELECT body FROM memory_notes WHERE scope = ? AND same = ?", (scope, same)).fetchone()
    if found is not None:
        note = refreshed(decode(found[0]), new, at=now)
        db.execute(_UPDATE, (note.kind, note.pinned, note.updated_at, note.expires_at, encode(note), note.id))
        return note
    note = noted(new, id=_free_id(db, rng), at=now)
    db.execute(
        _INSERT,
        (
            note.id,
            scope,
            same,
            note.kind,
            note.pinned,
            note.updated_at,
            note.expires_at,
            " ".join(words_of(note.text)),
            encode(note),
        ),
    )
    return note


def by_words(
    db: sqlite3.Connection, words: Sequence[str], scopes: Collection[Scope], now: float
) -> list[Candidate]:
    """Find the notes with most of the words."""
    within = " OR ".join(f'"{scope.key}"' for scope in scopes)
    matches = {
        f"match_{place}": f"scope : ({within}) AND words : {_quoted(word)}" for place, word in enumerate(words)
    }
    hits = " UNION ALL ".join(_HIT.format(name) for name in matches)
    given = matches | {"scopes": _keys(scopes), "now": now, "limit": N_CANDIDATES}
    found = db.execute(f"WITH hits (number, strength) AS MATERIALIZED ({hits}) {_BY_HITS}", given)
    return [Candidate(decode(body), n_uses, n_words, strength) for body, n_uses, n_words, strength in found]


def by_ids(db: sqlite3.Connection, ids: Collection[str], scopes: Collection[Scope], now: float) -> list[Candidate]:
    """Read some notes, where they are in the scopes."""
    found = db.execute(_BY_IDS, {"ids": _array(ids), "scopes": _keys(scopes), "now": now})
    return [Candidate(decode(body), n_uses) for body, n_uses in found]


def count_use(db: sqlite3.Connection, ids: Collection[str]) -> None:
    """Count that notes were found, unless somebody else is writing just now."""
    (patience_ms,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute("PRAGMA busy_timeout = 0")
    with suppress(sqlite3.OperationalError):  # a search does not fail for the sake of a tally
        db.execute(_COUNT_USE, {"ids": _array(ids)})
    db.execute(f"PRAGMA busy_timeout = {patience_ms}")


def find(db: sqlite3.Connection, which: Filter, now: float) -> list[Note]:
    """Read notes, those that were said last first."""
    found = db.execute(
        _FIND,
        {
            "scopes": _keys(which.scopes),
            "ids": _array(which.ids),
            "kinds": _array(which.kinds),
            "pinned": which.pinned,
            "limit": -1 if which.limit is None else which.limit,
            "now": now,
        },
    )
    return [decode(body) for (body,) in found]


def forget(db: sqlite3.Connection, scopes: Collection[Scope], ids: Collection[str] | None) -> int:
    """Remove notes, and their words from the index."""
    n_removed = db.execute(_FORGET, {"scopes": _keys(scopes), "ids": _array(ids)}).rowcount
    if n_removed:  # until its parts are merged, the index has the words and that they do not count
        db.execute("INSERT INTO memory_words (memory_words) VALUES ('optimize')")
    return n_removed


def _free_id(db: sqlite3.Connection, rng: Rng) -> str:
    """Make up an id that no note has: six characters, or more where those are taken."""
    n_bytes = 3
    while True:
        made = rng.token(n_bytes)
        if db.execute("SELECT 1 FROM memory_notes WHERE id = ?", (made,)).fetchone() is None:
            return made
        n_bytes += 1


def _quoted(word: str) -> str:
    """Write a word for the text search; it has letters and digits only."""
    return f'"{word}" *' if finds_longer(word) else f'"{word}"'


def _keys(scopes: Collection[Scope]) -> str:
    return to_json([scope.key for scope in scopes]).decode()


def _array(values: Collection[str] | None) -> str | None:
    return None if values is None else to_json(list(values)).decode()


def _statements(sql: str) -> list[str]:
    """Cut a script into statements; those of a trigger's body belong to the trigger."""
    statements, begun = [], ""
    for line in sql.splitlines(keepends=True):
        begun += line
        if sqlite3.complete_statement(begun):
            statements.append(begun)
            begun = ""
    return statements
