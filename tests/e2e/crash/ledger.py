"""The world outside, which remembers: every effect and every model call, whatever becomes of whoever made it.

One file that is only added to. A line is one write, and on the disk before `write` returns.
"""

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["model", "call", "effect", "said"]
"""A model was asked; something was asked for under a key; something happened; a worker said something."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    kind: Kind
    key: str
    text: str
    pid: int
    """Whose doing it was."""


class Ledger:
    """Writes and reads the file.

    Args:
        path: The file; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def write(self, kind: Kind, key: str, text: str = "") -> None:
        """Remember something for good."""
        os.write(self._file, json.dumps(asdict(Line(kind, key, text, os.getpid()))).encode() + b"\n")
        os.fsync(self._file)

    def lines(self, *kinds: Kind) -> list[Line]:
        """Give everything of some kinds, in order."""
        lines = [Line(**json.loads(text)) for text in self._path.read_text().splitlines()]
        return [line for line in lines if line.kind in kinds]

    def count(self, kind: Kind) -> Counter[str]:
        """Tell how often each key came."""
        return Counter(line.key for line in self.lines(kind))

    def effect(self, key: str) -> str | None:
        """Give what happened under an idempotency key; None if nothing has."""
        return next((line.text for line in self.lines("effect") if line.key == key), None)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
