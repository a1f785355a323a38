"""`candidates.jsonl`: every candidate of a build, accepted or refused.

What it keeps true: the file is there whole or as it was before; reading holds one candidate in memory.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from mainspring.core.disk import whole_file
from mainspring.data.example import Candidate
from mainspring.data.writing.folder import CANDIDATES
from mainspring.data.writing.lines import json_line, read_lines


class CandidateWriter:
    """Write the candidates of a folder anew; use it as a context manager.

    What was there stays until the block ends, and where it ends with an error.

    Args:
        folder: The folder of the dataset; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.n_written = 0
        self._folder = folder
        self._writing: AbstractContextManager[BinaryIO] | None = None
        self._file: BinaryIO | None = None

    def add(self, candidate: Candidate) -> None:
        """Write a candidate behind the others."""
        if self._file is None:
            raise ValueError("candidates are written inside of the `with` block")
        self._file.write(json_line(candidate))
        self.n_written += 1

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._writing = whole_file(self._folder / CANDIDATES)
        self._file = self._writing.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        writing, self._writing, self._file = self._writing, None, None
        if writing is not None:
            writing.__exit__(kind, error, trace)


def read_candidates(folder: Path) -> Iterator[Candidate]:
    """Read the candidates of a folder, in their order.

    Raises:
        ConfigError: There is no such file, or a line of it is broken.
    """
    return read_lines(folder / CANDIDATES, Candidate)
