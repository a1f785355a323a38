"""Files that are written beside a dataset and take its place together.

What it keeps true: until everything is on the disk, nothing of the earlier dataset is touched. The renames at the
end follow one another: where a crash falls between two of them, the digests in `dataset.json`, which comes last, do
not fit, and writing again mends it.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mainspring.data.example import Split
from mainspring.data.writing.folder import SHARD

STAGE: Final = ".writing"
_PIECE_BYTES: Final = 1 << 16


class StagedFile:
    """A file of a stage, and the digest of what was written into it."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.n_lines = 0
        self._file = path.open("wb")
        self._digest = hashlib.sha256()

    def write(self, line: bytes) -> None:
        """Write a line, or a whole file at once."""
        self._file.write(line)
        self._digest.update(line)
        self.n_lines += 1

    def close(self) -> str:
        """See that all is on the disk, and give the SHA-256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def drop(self) -> None:
        """Close the file without waiting for the disk."""
        if not self._file.closed:
            self._file.close()


class Stage:
    """A folder inside a folder, in which its next files are made.

    Args:
        folder: Where they are to be in the end.
    """

    def __init__(self, folder: Path) -> None:
        self.digests: dict[str, str] = {}
        """File name to SHA-256, in the order in which files were closed."""
        self._folder = folder
        self._stage = folder / STAGE
        self._open: dict[str, StagedFile] = {}

    def open(self, name: str) -> StagedFile:
        """Begin a file."""
        file = self._open[name] = StagedFile(self._stage / name)
        return file

    def close(self, name: str) -> None:
        """End a file."""
        self.digests[name] = self._open.pop(name).close()

    def write(self, name: str, content: bytes) -> None:
        """Write a whole file."""
        self.open(name).write(content)
        self.close(name)

    def join(self, name: str, parts: Sequence[str]) -> None:
        """Make one file of several that are open, in that order."""
        whole = self.open(name)
        for part in parts:
            self._open.pop(part).drop()
            with (self._stage / part).open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    whole.write(piece)
            (self._stage / part).unlink()
        self.close(name)

    def take_place(self, *, last: str) -> None:
        """Give every file its place, that one at the end, and remove shards that are no more.

        Args:
            last: The file that says what the others should be.
        """
        for name in sorted(self.digests, key=lambda name: name == last):
            (self._stage / name).replace(self._folder / name)
        for path in self._folder.iterdir():
            if SHARD.fullmatch(path.name) and path.name not in self.digests:
                path.unlink()

    def drop(self) -> None:
        """Remove what did not get its place."""
        for file in self._open.values():
            file.drop()
        shutil.rmtree(self._stage, ignore_errors=True)


class Shards:
    """Rows, so many to a file, numbered for each split.

    Args:
        stage: Where the files are made.
        shard_rows: Rows of a full one.
    """

    def __init__(self, stage: Stage, shard_rows: int) -> None:
        self._stage = stage
        self._shard_rows = shard_rows
        self._open: dict[Split, StagedFile] = {}
        self._n_shards: dict[Split, int] = {}

    def add(self, split: Split, line: bytes) -> str:
        """Write a row, and say where it stands: `train-00000.jsonl:17`."""
        file = self._open.get(split)
        if file is None:
            place = self._n_shards.get(split, 0)
            file = self._open[split] = self._stage.open(f"{split}-{place:05d}.jsonl")
            self._n_shards[split] = place + 1
        file.write(line)
        where = f"{file.name}:{file.n_lines}"
        if file.n_lines == self._shard_rows:
            self._end(split)
        return where

    def close(self) -> None:
        """End the files that are not full."""
        for split in [*self._open]:
            self._end(split)

    def _end(self, split: Split) -> None:
        self._stage.close(self._open.pop(split).name)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Give a stage, and remove what was left on it, by this or by a writing that was cut off."""
    shutil.rmtree(folder / STAGE, ignore_errors=True)
    (folder / STAGE).mkdir()
    stage = Stage(folder)
    try:
        yield stage
    finally:
        stage.drop()
