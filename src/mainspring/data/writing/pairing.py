"""Refused answers, found by the question they answer, however many there are.

They are kept in a temporary SQLite database, which spills to the disk and goes with its process.
"""

import hashlib
import sqlite3
from types import TracebackType
from typing import Final, Self

from mainspring.data.example import Candidate, Example

_SCHEMA: Final = """
CREATE TABLE refused (place INTEGER PRIMARY KEY, question BLOB NOT NULL, candidate BLOB NOT NULL);
CREATE INDEX refused_by_question ON refused (question);
"""
_CACHE_KIB: Final = 16_384


class RefusedAnswers:
    """Keeps refused answers apart by document and question; use it as a context manager."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")

    def add(self, candidate: Candidate) -> None:
        """Keep a refused answer."""
        values = (_key(candidate.example), candidate.model_dump_json().encode())
        self._db.execute("INSERT INTO refused (question, candidate) VALUES (?, ?)", values)

    def to(self, example: Example) -> tuple[Candidate, ...]:
        """Give the refused answers to an example's question, in the order in which they were kept."""
        found = self._db.execute(
            "SELECT candidate FROM refused WHERE question = ? ORDER BY place", (_key(example),)
        )
        return tuple(Candidate.model_validate_json(candidate) for (candidate,) in found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()


def _key(example: Example) -> bytes:
    question = " ".join(example.question.casefold().split())
    return hashlib.sha256(f"{example.document}\0{question}".encode()).digest()[:16]
