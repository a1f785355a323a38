"""What the store asks of PostgreSQL about vectors, each a function of an open connection.

A vector goes with its note, whatever removes that: the foreign key sees to it.
"""

from collections.abc import Collection, Mapping
from typing import Final

from mainspring.memory.codec import decode
from mainspring.memory.note import Note, Scope
from mainspring.memory.stores.postgres.connections import Connection

_KNOWN: Final = (
    "SELECT id, vector FROM mainspring.memory_notes JOIN mainspring.memory_vectors USING (number) "
    "WHERE scope = ANY(%(scopes)s::text[]) AND embedder = %(embedder)s "
    "AND (expires_at IS NULL OR expires_at > %(now)s)"
)
_MISSING: Final = (
    "SELECT body FROM mainspring.memory_notes AS notes WHERE scope = ANY(%(scopes)s::text[]) "
    "AND (expires_at IS NULL OR expires_at > %(now)s) AND NOT EXISTS (SELECT 1 FROM mainspring.memory_vectors "
    "AS vectors WHERE vectors.number = notes.number AND embedder = %(embedder)s) "
    "ORDER BY updated_at DESC, number DESC"
)
_KEEP: Final = (
    "WITH made AS MATERIALIZED (SELECT * FROM unnest(%(ids)s::text[], %(vectors)s::bytea[]) AS made (id, vector)), "
    "there AS (SELECT number, id FROM mainspring.memory_notes WHERE id = ANY(%(ids)s::text[]) ORDER BY number "
    "FOR KEY SHARE SKIP LOCKED) "
    "INSERT INTO mainspring.memory_vectors (number, embedder, vector) "
    "SELECT number, %(embedder)s, vector FROM there JOIN made USING (id) ORDER BY number ON CONFLICT DO NOTHING"
)


async def known(db: Connection, embedder: str, scopes: Collection[Scope], now: float) -> dict[str, bytes]:
    """Read the vectors of an embedder, by the ids of the notes."""
    found = await db.execute(_KNOWN, _given(embedder, scopes, now), binary=True)
    return dict(await found.fetchall())


async def missing(db: Connection, embedder: str, scopes: Collection[Scope], now: float) -> list[Note]:
    """Read the notes without a vector of an embedder."""
    found = await db.execute(_MISSING, _given(embedder, scopes, now))
    return [decode(body) for (body,) in await found.fetchall()]


async def keep(db: Connection, embedder: str, vectors: Mapping[str, bytes]) -> None:
    """Write vectors, but for notes that are gone or going."""
    await db.execute(_KEEP, {"embedder": embedder, "ids": list(vectors), "vectors": list(vectors.values())})


def _given(embedder: str, scopes: Collection[Scope], now: float) -> dict[str, object]:
    return {"embedder": embedder, "scopes": [scope.key for scope in scopes], "now": now}
