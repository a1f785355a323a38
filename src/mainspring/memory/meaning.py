"""Notes found by what they mean: their vectors, kept in the store, compared with that of the question.

    fit = cosine of the question's vector and the note's; below the embedder's floor it is left out

Vectors are made when notes are searched, of those that have none of this embedder; each batch is kept at once, so
that what is cut off is not lost. They are compared one by one: exact, and quick up to tens of thousands of notes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from mainspring.core.errors import ConfigError
from mainspring.core.threads import in_daemon_thread
from mainspring.memory.embedder import Embedder, Vector
from mainspring.memory.note import Note, Scope

try:
    import numpy as np
    import numpy.typing as npt
except ImportError as error:
    raise ConfigError(f"comparing vectors needs numpy ({error}): pip install 'mainspring[embeddings]'") from error

_BATCH: Final = 32
"""Texts that are embedded and kept at a time."""
_FULL_SCALE: Final = 127.0
"""Vectors are kept as bytes, the largest number as this: a cosine is right to about 0.002."""
_Array = npt.NDArray[Any]


class Vectors(Protocol):
    """What a database has to answer about vectors; notes that have expired are none."""

    async def vectors(self, embedder: str, scopes: Sequence[Scope]) -> Mapping[str, bytes]:
        """Give the vectors of one embedder, by the ids of the notes."""
        ...

    async def unembedded(self, embedder: str, scopes: Sequence[Scope]) -> list[Note]:
        """Give the notes that have no vector of an embedder, those that were said last first."""
        ...

    async def keep_vectors(self, embedder: str, made: Mapping[str, bytes]) -> None:
        """Keep vectors by the ids of their notes, but for those that were forgotten meanwhile."""
        ...


class ByMeaning:
    """Ranks notes by the cosine of their vectors.

    Args:
        store: Where notes and vectors are.
        embedder: Makes vectors.
    """

    def __init__(self, store: Vectors, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder

    async def rank(self, query: str, scopes: Sequence[Scope], limit: int) -> list[str]:
        """Give ids of notes that mean something near, the nearest first.

        Raises:
            ConfigError: A package that the embedder needs is missing, or it has changed under the same digest.
            ModelError: The embedder's server could not be asked.
        """
        if not query.strip():
            return []
        await self._catch_up(scopes)
        known = await self._store.vectors(self._embedder.digest, scopes)
        if not known:
            return []
        (asked,) = await self._embedder.embed([query])
        return await in_daemon_thread(lambda: self._nearest(np.asarray(asked, dtype=np.float32), known, limit))

    async def _catch_up(self, scopes: Sequence[Scope]) -> None:
        missing = await self._store.unembedded(self._embedder.digest, scopes)
        for start in range(0, len(missing), _BATCH):
            notes = missing[start : start + _BATCH]
            made = await self._embedder.embed([note.text for note in notes])
            packed = {note.id: _packed(vector) for note, vector in zip(notes, made, strict=True)}
            await self._store.keep_vectors(self._embedder.digest, packed)

    def _nearest(self, asked: _Array, known: Mapping[str, bytes], limit: int) -> list[str]:
        ids = list(known)
        kept = np.frombuffer(b"".join(known.values()), dtype=np.int8)
        if kept.size != asked.size * len(ids):
            raise ConfigError(
                f"{self._embedder!r} gives vectors of {asked.size} numbers, and some that are kept under its "
                "digest have another length; give it another name, and they are made anew"
            )
        vectors = kept.reshape(len(ids), asked.size).astype(np.float32)
        lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors)) * np.linalg.norm(asked)
        cosines = (vectors @ asked) / np.maximum(lengths, np.finfo(np.float32).tiny)
        nearest = np.argsort(-cosines, kind="stable")[:limit]
        return [ids[place] for place in nearest if cosines[place] >= self._embedder.floor]


def _packed(vector: Vector) -> bytes:
    """Write a vector with a byte for each number; its length is of no account."""
    made = np.asarray(vector, dtype=np.float32)
    largest = float(np.abs(made).max()) or 1.0
    packed: bytes = np.rint(made * (_FULL_SCALE / largest)).astype(np.int8).tobytes()
    return packed
