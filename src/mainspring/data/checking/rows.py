"""The rows of a dataset beside their provenance, one after the other, with the digests of what was read."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, RootModel, ValidationError

from mainspring.core import JsonObject
from mainspring.data.checking.findings import Collected
from mainspring.data.writing import ProvenanceRow
from mainspring.data.writing.folder import PROVENANCE

_CHECK: Final = "schema"
T = TypeVar("T", bound=BaseModel)


class Fields(RootModel[dict[str, JsonValue]]):
    """A line of a shard."""

    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row and where it comes from; None for what is missing or broken."""

    where: str
    fields: JsonObject | None
    provenance: ProvenanceRow | None


@dataclass(slots=True)
class RowReader:
    """Reads all rows of a dataset.

    Args:
        folder: The folder of the dataset.
        shards: Names of the files with rows, in order.
        found: Where to say what is wrong.
    """

    folder: Path
    shards: Sequence[str]
    found: Collected
    digests: dict[str, str] = field(default_factory=dict)
    """File name to the SHA-256 of what was read; nothing for a file that is not there."""

    def __iter__(self) -> Iterator[ReadRow]:
        rows = (line for name in self.shards for line in self._lines(name, Fields))
        for row, known in zip_longest(rows, self._lines(PROVENANCE, ProvenanceRow)):
            if row is None:
                self.found.error("provenance", "there is no row for it", known[0])
            elif known is None:
                self.found.error("provenance", "there is no line of provenance for it", row[0])
            where, fields = ("", None) if row is None else row
            yield ReadRow(where, None if fields is None else fields.root, None if known is None else known[1])

    def _lines(self, name: str, form: type[T]) -> Iterator[tuple[str, T | None]]:
        """Read a file; a broken line is a finding, and None."""
        digest = hashlib.sha256()
        try:
            with (self.folder / name).open("rb") as file:
                for place, line in enumerate(file, start=1):
                    digest.update(line)
                    where = f"{name}:{place}"
                    yield where, self._read(line, form, where)
        except FileNotFoundError:
            self.digests[name] = ""
            return
        except OSError as error:
            self.found.error("files", f"it cannot be read: {error.strerror or error}", name)
        self.digests[name] = digest.hexdigest()

    def _read(self, line: bytes, form: type[T], where: str) -> T | None:
        try:
            return form.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            self.found.error(_CHECK, f"{place}: {first['msg']}" if place else first["msg"], where)
            return None
