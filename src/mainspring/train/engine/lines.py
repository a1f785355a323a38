"""Writes `metrics.jsonl`: a line a happening, by the leading process, handed to the disk before the next begins."""

import os
from pathlib import Path

from mainspring.train.metrics import Line


class Lines:
    """The lines of a run; those of earlier starts stay.

    Args:
        path: The file. A last line that was cut off when a process was killed is cut away.
        writes: Whether this process writes.
    """

    def __init__(self, path: Path, *, writes: bool) -> None:
        self._file = path.open("a+b") if writes else None
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate(self._file.read().rfind(b"\n") + 1)

    def add(self, line: Line) -> None:
        """Write a line."""
        if self._file is not None:
            self._file.write(line.model_dump_json().encode() + b"\n")
            self._file.flush()

    def close(self) -> None:
        """See that all is on the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
