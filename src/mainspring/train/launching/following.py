"""What the engine writes, read while it goes on."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from mainspring.train.metrics import Line

_LINES: TypeAdapter[Line] = TypeAdapter(Line)


class Follower:
    """Reads lines as they are added to a file; those that are there already are passed over.

    Args:
        path: The file, which may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = _end_of_lines(path)

    def new_lines(self) -> Iterator[Line]:
        """Give the lines that were finished since the last time."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                added = file.read()
        except FileNotFoundError:
            return
        whole, newline, _ = added.rpartition(b"\n")
        self._place += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                yield _LINES.validate_json(line)
            except ValidationError:
                continue  # a newer engine may tell more


def _end_of_lines(path: Path) -> int:
    """Give where the last whole line ends, as the engine goes on from there."""
    try:
        return path.read_bytes().rfind(b"\n") + 1
    except FileNotFoundError:
        return 0
