"""What the store asks of SQLite about vectors, each a function of an open connection.

A vector goes with its note, whatever removes that: a trigger sees to it.
"""

import sqlite3
from collections.abc import Collection, Mapping
from typing import Final

from pydantic_core import to_json

from mainspring.memory.codec import decode
from mainspring.memory.note import Note, Scope

_KNOWN: Final = (
    "SELECT id, vector FROM memory_notes JOIN memory_vectors USING (number) "
    "WHERE scope IN (SELECT value FROM json_each(:scopes)) AND embedder = :embedder "
    "AND (expires_at IS NULL OR expires_at > :now)"
)
_MISSING: Final = (
    "SELECT body FROM memory_notes WHERE scope IN (SELECT value FROM json_each(:scopes)) "
    "AND (expires_at IS NULL OR expires_at > :now) AND NOT EXISTS (SELECT 1 FROM memory_vectors "
    "WHERE memory_vectors.number = memory_notes.number AND embedder = :embedder) "
    "ORDER BY updated_at DESC, number DESC"
)
_KEEP: Final = (
    "INSERT INTO memory_vectors (number, embedder, vector) "
    "SELECT number, :embedder, :vector FROM memory_notes WHERE id = :id ON CONFLICT DO NOTHING"
)


def known(db: sqlite3.Connection, embedder: str, scopes: Collection[Scope], now: float) -> dict[str, bytes]:
    """Read the vectors of an embedder, by the ids of the notes."""
    return dict(db.execute(_KNOWN, _given(embedder, scopes, now)).fetchall())


def missing(db: sqlite3.Connection, embedder: str, scopes: Collection[Scope], now: float) -> list[Note]:
    """Read the notes without a vector of an embedder."""
    return [decode(body) for (body,) in db.execute(_MISSING, _given(embedder, scopes, now))]


def keep(db: sqlite3.Connection, embedder: str, vectors: Mapping[str, bytes]) -> None:
    """Write vectors, but for notes that are gone."""
    db.executemany(
        _KEEP, [{"embedder": embedder, "id": name, "vector": vector} for name, vector in vectors.items()]
    )


def _given(embedder: str, scopes: Collection[Scope], now: float) -> dict[str, str | float]:
    return {"embedder": embedder, "scopes": to_json([scope.key for scope in scopes]).decode(), "now": now}
