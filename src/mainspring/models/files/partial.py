"""The unfinished form of one download: appended to, hashed as it grows, and continued after any kind of end.

What it keeps true: the running hash is the hash of exactly the bytes on disk, and never more than the expected
number of bytes are kept.
"""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from mainspring.core.errors import DownloadError
from mainspring.models.files.catalog import CatalogEntry
from mainspring.models.files.store import hash_of

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} if hasattr(errno, "EDQUOT") else {errno.ENOSPC, errno.EFBIG}


class SourceFailed(Exception):  # It is a verdict on one source, not an error of the download.
    """One source could not give the file, for the reason in the message; another may."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is."""

    file: str
    """The file's readable name."""
    source: str
    """Where the bytes come from."""
    done_bytes: int
    total_bytes: int


class Partial:
    """A `.part` file, open for appending; use it as a context manager.

    Args:
        entry: The file to become.
        path: The `.part` file; what it holds already is kept and hashed.
        progress: Called after each chunk, and once at the start.

    Raises:
        DownloadError: The disk has no room for the bytes that are missing.
    """

    def __init__(self, entry: CatalogEntry, path: Path, progress: Callable[[Progress], None] | None = None) -> None:
        self.entry = entry
        self.path = path
        self.source = ""
        self._progress = progress
        self._file = path.open("ab")
        try:
            self._digest = hash_of(path)
            self.done_bytes = self._file.tell()
            if self.done_bytes > entry.size_bytes:
                self.restart()
            self._check_room()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as failure:
            # A full disk shows again when the last buffer is written; the first report is the one to keep.
            if error is None:
                raise self._no_room() from failure

    @property
    def missing_bytes(self) -> int:
        """How many bytes the file still lacks."""
        return self.entry.size_bytes - self.done_bytes

    @property
    def is_right(self) -> bool:
        """Whether every byte is there and the hash is the entry's."""
        return self.missing_bytes == 0 and self._digest.hexdigest() == self.entry.sha256

    def tell(self) -> None:
        """Report progress to whoever asked for it."""
        if self._progress:
            self._progress(
                Progress(self.entry.file, self.source, self.done_bytes, self.entry.size_bytes),
            )

    def write(self, chunk: bytes) -> None:
        """Append `chunk`.

        Raises:
            SourceFailed: There are more bytes than the file has.
            DownloadError: The disk is full; what was written before is kept.
        """
        if len(chunk) > self.missing_bytes:
            raise SourceFailed(f"it gives more than the file's {self.entry.size_bytes} bytes")
        try:
            self._file.write(chunk)
            self._file.flush()
        except OSError as error:
            if error.errno in _FULL:
                raise self._no_room() from error
            raise DownloadError(f"{self.path} cannot be written: {error}") from error
        self._digest.update(chunk)
        self.done_bytes += len(chunk)
        self.tell()

    def restart(self) -> None:
        """Forget every byte."""
        self._file.truncate(0)
        self._file.seek(0)
        self._digest = hash_of(self.path)
        self.done_bytes = 0

    def sync(self) -> None:
        """Put the bytes on the disk before the file gets its name."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def _check_room(self) -> None:
        if shutil.disk_usage(self.path.parent).free < self.missing_bytes:
            raise self._no_room()

    def _no_room(self) -> DownloadError:
        return DownloadError(
            f"no room for {self.entry.file}: {self.missing_bytes} more bytes are needed in {self.path.parent}. "
            "Free some space, or set MAINSPRING_CACHE to a folder on another disk; "
            f"the {self.done_bytes} bytes that are there are kept, and the same command continues."
        )
