"""Tables of characters: each row becomes a sentence that says what stands under which column."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from mainspring.data.document import Document
from mainspring.data.reading.composing import digest_of
from mainspring.data.reading.encoding import decode
from mainspring.data.reading.skipped import Unreadable, no_text
from mainspring.data.reading.tidy import one_line, tidy

_DELIMITERS: Final = ",;\t|"
_SAMPLE_ROWS: Final = 20
_NAME_CHARS: Final = 80
"""What is longer is a value, not the name of a column."""


@dataclass(frozen=True, slots=True)
class CsvReader:
    """Reads CSV and TSV, whatever stands between the fields."""

    kind: str = "csv"
    suffixes: frozenset[str] = frozenset({".csv", ".tsv", ".tab"})

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Give the document of a table."""
        decoded = decode(raw)
        text = decoded.text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        try:
            rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter_of(text)) if any(row)]
        except csv.Error as error:
            raise Unreadable("broken", f"{name!r} cannot be read as a table: {error}") from error
        if not rows:
            raise no_text(name)
        columns, values = _columns(rows)
        said = tidy("\n".join(line for row in values if (line := _sentence(columns, row))))
        if not said:
            raise no_text(name)
        return [Document(name=name, kind=self.kind, digest=digest_of(raw), text=said, notes=decoded.notes)]


def delimiter_of(text: str) -> str:
    """Give the character that parts the first rows into the most columns, and all of them into as many."""
    best, n_best = ",", (False, 1)
    sample = "\n".join(islice(io.StringIO(text), _SAMPLE_ROWS))
    for delimiter in _DELIMITERS:
        try:
            widths = {len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row}
        except csv.Error:
            continue
        n_columns = (len(widths) == 1, min(widths, default=0))
        if min(widths, default=0) > 1 and n_columns > n_best:
            best, n_best = delimiter, n_columns
    return best


def _columns(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Part the names of the columns from the rows; columns without names are counted."""
    first = [one_line(cell) for cell in rows[0]]
    named = all(first) and len(set(first)) == len(first) and not any(map(_is_a_value, first))
    if named and len(rows) > 1:
        return first, rows[1:]
    return [f"column {place}" for place in range(1, len(first) + 1)], rows


def _is_a_value(cell: str) -> bool:
    return len(cell) > _NAME_CHARS or cell.replace(".", "").replace(",", "").replace("-", "").isdigit()


def _sentence(columns: list[str], row: list[str]) -> str:
    """Say a row in words; what stands beyond the last named column is counted."""
    said = []
    for place, cell in enumerate(map(one_line, row)):
        if cell:
            column = columns[place] if place < len(columns) else f"column {place + 1}"
            said.append(f"{column}: {cell}")
    return "; ".join(said) + "." if said else ""
