"""What a dataset is written from and checked against: the small files of its folder, read and checked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeVar

from pydantic import BaseModel, ValidationError

from mainspring.core.errors import ConfigError
from mainspring.data.writing.chosen import read_decisions
from mainspring.data.writing.folder import (
    CANDIDATES,
    DATASET,
    DECISIONS,
    DOCUMENTS,
    REPORT,
    Dataset,
    Decision,
    DocumentRow,
    Report,
)
from mainspring.data.writing.lines import read_lines

INPUTS: Final = (CANDIDATES, DECISIONS, DOCUMENTS, REPORT)
"""What the rows and the card are derived from."""
T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sources:
    """What stands beside the candidates, and what all of it was when it was read."""

    digests: dict[str, str]
    """File name to SHA-256; nothing for a file that is not there."""
    documents: dict[str, DocumentRow]
    decisions: Mapping[str, Decision]
    report: Report

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read all; the digests come first, so that what changes meanwhile is seen as changed afterwards.

        Raises:
            ConfigError: A file is missing or broken.
        """
        digests = input_digests(folder)
        return cls(digests, read_documents(folder), read_decisions(folder), read_report(folder))


def read_dataset(folder: Path) -> Dataset | None:
    """Read in which form the rows of a folder were written; None where none were.

    Raises:
        ConfigError: The file is broken.
    """
    return _read(folder / DATASET, Dataset)


def read_documents(folder: Path) -> dict[str, DocumentRow]:
    """Read what is kept of the documents: id to that.

    Raises:
        ConfigError: The file is missing or broken.
    """
    return {row.id: row for row in read_lines(folder / DOCUMENTS, DocumentRow)}


def read_report(folder: Path) -> Report:
    """Read what a build says of itself; nothing where there is no report.

    Raises:
        ConfigError: The file is broken.
    """
    return _read(folder / REPORT, Report) or Report()


def input_digests(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each file that rows are derived from; nothing for one that is not there.

    Of the report only what the card says counts: how long a build took differs from one time to the next.
    """
    digests = {name: digest_of(folder / name) for name in INPUTS}
    if digests[REPORT]:
        digests[REPORT] = hashlib.sha256(read_report(folder).model_dump_json().encode()).hexdigest()
    return digests


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file in hexadecimal; nothing where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _read(path: Path, form: type[T]) -> T | None:
    try:
        return form.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise ConfigError(f"{str(path)!r} is not what this version reads: {where}: {first['msg']}") from error
