"""An index of the candidates of a dataset: where each stands in its file, and what it can be found by.

A million candidates take little memory: the index is a temporary SQLite database, which spills to disk and goes
with its process; what is not in it is read from the file when somebody looks. The file stays open, so that a build
which replaces it meanwhile changes nothing here. Candidates of one id have the same words and spans, so they are
one example: the first of them, an accepted one before a refused one.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import ValidationError

from mainspring.core.errors import DocumentError
from mainspring.data.example import Candidate, Kind
from mainspring.data.review.filters import Decided, Filter

_SCHEMA: Final = """
CREATE TABLE examples (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    start INTEGER NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    is_accepted INTEGER NOT NULL,
    objections TEXT NOT NULL,
    decision TEXT NOT NULL DEFAULT 'undecided'
);
CREATE TABLE texts (place INTEGER PRIMARY KEY, question TEXT NOT NULL, words TEXT NOT NULL);
"""
_ADD: Final = """
INSERT INTO examples (id, start, kind, document, is_accepted, objections) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET start = excluded.start, kind = excluded.kind, document = excluded.document,
    is_accepted = excluded.is_accepted, objections = excluded.objections
WHERE excluded.is_accepted > examples.is_accepted
"""
_WORD: Final = "INSERT OR REPLACE INTO texts SELECT place, ?, ? FROM examples WHERE id = ?"
_LISTED: Final = "SELECT place, id, kind, question, is_accepted, decision FROM examples JOIN texts USING (place)"
_CACHE_KIB: Final = 16_384


@dataclass(frozen=True, slots=True)
class Row:
    """An example in a list."""

    place: int
    """Where it stands among all, from 1."""
    id: str
    kind: Kind
    question: str
    is_accepted: bool
    decision: Decided


@dataclass(frozen=True, slots=True)
class Rows:
    """Examples that follow one another among those that match."""

    rows: list[Row]
    n_before: int
    """How many match and stand before the first."""
    n_matching: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many examples have what they can be filtered by."""

    checks: Counter[str]
    decision: Counter[str]
    kind: Counter[str]
    document: Counter[str]
    objection: Counter[str]


class Index:
    """Finds the candidates of one file; may be used by several threads.

    Args:
        path: The file.

    Raises:
        DocumentError: A line of it is no candidate.
    """

    counts: Counts

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file: BinaryIO = path.open("rb")
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        try:
            self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._db.executescript(_SCHEMA)
            self._db.execute("BEGIN")
            for start, candidate in _candidates(self._file, path):
                self._add(start, candidate)
            self._db.execute("COMMIT")
            self.counts = self._counted()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file, and forget the index."""
        self._db.close()
        self._file.close()

    def __len__(self) -> int:
        return self.counts.checks.total()

    def rows(self, wanted: Filter, n: int, *, after: int = 0, before: int | None = None) -> Rows:
        """Give the next examples that match, in the order of the file.

        Args:
            wanted: What they must be like.
            n: How many at most.
            after: They stand behind this place.
            before: Rather the last ones that stand before this place.
        """
        where, values = wanted.where()
        side, order, edge = (">", "ASC", after) if before is None else ("<", "DESC", before)
        matching = f"FROM {wanted.tables} WHERE {where}"
        chosen = f"SELECT place {matching} AND place {side} ? ORDER BY place {order} LIMIT ?"
        with self._lock:
            found = self._db.execute(f"{_LISTED} WHERE place IN ({chosen}) ORDER BY place", (*values, edge, n))
            rows = [Row(*one) for one in found]
            first = rows[0].place if rows else edge
            counted = f"SELECT count(*), count(*) FILTER (WHERE place < ?) {matching}"
            n_matching, n_before = self._db.execute(counted, (first, *values)).fetchone()
        return Rows(rows, n_before, n_matching)

    def place(self, example: str) -> int | None:
        """Give the place of an example; None where there is none of that id."""
        with self._lock:
            found = self._db.execute("SELECT place FROM examples WHERE id = ?", (example,)).fetchone()
        return None if found is None else int(found[0])

    def candidate(self, example: str) -> Candidate | None:
        """Read the candidate of that id; None where there is none."""
        with self._lock:
            found = self._db.execute("SELECT start FROM examples WHERE id = ?", (example,)).fetchone()
            if found is None:
                return None
            self._file.seek(found[0])
            return Candidate.model_validate_json(self._file.readline())

    def decide(self, example: str, decision: Decided, question: str, answer: str) -> None:
        """Note how a person decided, and the words that the example has by that."""
        with self._lock:
            before = self._db.execute("SELECT decision FROM examples WHERE id = ?", (example,)).fetchone()
            self._db.execute("UPDATE examples SET decision = ? WHERE id = ?", (decision, example))
            self._word(example, question, answer)
            self.counts.decision.subtract(before)
            self.counts.decision.update([decision])

    def _add(self, start: int, candidate: Candidate) -> None:
        example, name = candidate.example, candidate.example.id
        checks = " ".join(sorted({objection.check for objection in candidate.objections}))
        self._db.execute(_ADD, (name, start, example.kind, example.document, candidate.is_accepted, f" {checks} "))
        self._word(name, example.question, example.answer)

    def _word(self, example: str, question: str, answer: str) -> None:
        self._db.execute(_WORD, (question, f"{question}\n{answer}".casefold(), example))

    def _counted(self) -> Counts:
        def by(column: str) -> Counter[str]:
            grouped = f"SELECT {column}, count(*) FROM examples GROUP BY {column}"  # noqa: S608 - our own names
            return Counter(dict(self._db.execute(grouped)))

        objections: Counter[str] = Counter()
        for checks, n in by("objections").items():
            objections.update(dict.fromkeys(checks.split(), n))
        checked = by("iif(is_accepted, 'accepted', 'refused')")
        return Counts(checked, by("decision"), by("kind"), by("document"), objections)


def _candidates(file: BinaryIO, path: Path) -> Iterator[tuple[int, Candidate]]:
    """Read the candidates, each with the offset of its line in bytes."""
    start = 0
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                yield start, Candidate.model_validate_json(line)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                where = ".".join(map(str, first["loc"])) or "the line"
                says = f"{where}: {first['msg']}; build the dataset again"
                raise DocumentError(f"{str(path)!r}, line {number} is no candidate: {says}") from error
        start += len(line)
