"""Questions that ask the same in other words, found by the vectors of an embedder.

Exact: every question is compared with every one that was kept, in blocks. 100,000 vectors of 384 numbers take
154 MB. The earlier one wins, as everywhere, and numbers and names must agree: a year is a small part of a meaning.
"""

from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any, Final

from mainspring.core.errors import ConfigError
from mainspring.core.threads import in_daemon_thread
from mainspring.data.cleaning.duplicates import Match
from mainspring.data.cleaning.near import check_threshold
from mainspring.data.cleaning.shingles import telling
from mainspring.memory import Embedder, Vector

MEANING_THRESHOLD: Final = 0.85
"""Of paraphrases all-MiniLM-L6-v2 gives cosines of 0.75 to 0.94, of questions about other things about 0."""
BATCH: Final = 64
"""Questions that are embedded at a time."""
_BLOCK: Final = 4096
"""Vectors that are compared at a time."""
_Array = Any
"""A vector of numpy, or some below each other."""


class MeaningDuplicates:
    """Finds questions that mean what an earlier one meant.

    Args:
        embedder: Makes vectors of questions.
        threshold: The least cosine of two that mean the same; it differs from embedder to embedder.

    Raises:
        ConfigError: The threshold is no similarity, or numpy is not installed.
    """

    def __init__(self, embedder: Embedder, threshold: float = MEANING_THRESHOLD) -> None:
        check_threshold(threshold)
        self._embedder = embedder
        self._threshold = threshold
        self._numpy = _numpy()
        self._ids: list[str] = []
        self._told_apart_by: list[frozenset[str]] = []
        self._blocks: list[_Array] = []

    def __len__(self) -> int:
        return len(self._ids)

    async def add(self, questions: Sequence[tuple[str, str]]) -> list[Match | None]:
        """Give for each id and question what it is a duplicate of; keep those that are none.

        Raises:
            ConfigError: A package that the embedder needs is missing, or it gives vectors of several lengths.
            ModelError: The embedder's server could not be asked.
        """
        found: list[Match | None] = []
        for start in range(0, len(questions), BATCH):
            batch = questions[start : start + BATCH]
            vectors = await self._embedder.embed([question for _, question in batch])
            found += await in_daemon_thread(partial(self._compare, batch, vectors))
        return found

    def _compare(self, batch: Sequence[tuple[str, str]], vectors: Sequence[Vector]) -> list[Match | None]:
        found: list[Match | None] = []
        for (id_, question), made in zip(batch, vectors, strict=True):
            vector = self._of_length_one(made)
            told_apart_by = telling(question)
            match = self._nearest(vector, told_apart_by)
            if match is None:
                self._keep(id_, vector, told_apart_by)
            found.append(match)
        return found

    def _nearest(self, vector: _Array, told_apart_by: frozenset[str]) -> Match | None:
        best: tuple[float, int] | None = None
        for number, block in enumerate(self._blocks):
            cosines = block[: len(self) - number * _BLOCK] @ vector
            for row in self._numpy.flatnonzero(cosines >= self._threshold).tolist():
                place, cosine = number * _BLOCK + row, float(cosines[row])
                if self._told_apart_by[place] == told_apart_by and (best is None or cosine > best[0]):
                    best = (cosine, place)
        return Match(self._ids[best[1]], min(1.0, best[0])) if best else None

    def _keep(self, id_: str, vector: _Array, told_apart_by: frozenset[str]) -> None:
        if len(self) % _BLOCK == 0:
            self._blocks.append(self._numpy.zeros((_BLOCK, vector.size), dtype=self._numpy.float32))
        self._blocks[-1][len(self) % _BLOCK] = vector
        self._ids.append(id_)
        self._told_apart_by.append(told_apart_by)

    def _of_length_one(self, made: Vector) -> _Array:
        vector = self._numpy.asarray(made, dtype=self._numpy.float32)
        if self._blocks and self._blocks[0].shape[1] != vector.size:
            raise ConfigError(
                f"{self._embedder!r} gave vectors of {vector.size} and of {self._blocks[0].shape[1]} numbers; "
                "only those of one model can be compared"
            )
        length = float(self._numpy.linalg.norm(vector))
        return vector / length if length else vector


def _numpy() -> ModuleType:
    try:
        import numpy as np
    except ImportError as error:
        raise ConfigError(
            f"comparing vectors needs numpy ({error}): pip install 'mainspring[embeddings]'"
        ) from error
    return np
