"""What a person decides, kept durably: `decisions.jsonl`, a line for each decision, the last of an example counts.

What it keeps true: a decision is on the disk before anybody is told that it is saved; nothing is ever rewritten, so
whoever else appends at the same time loses nothing, and is read here with the next look. A decision that is taken
back, where there is none before it, is followed by one without a time that says again what the checks said: the
dataset is as if nobody had looked, and so it is shown.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from errno import ENOSPC
from pathlib import Path

from pydantic import ValidationError

from mainspring.core import Clock
from mainspring.core.errors import DocumentError
from mainspring.data.document import Value
from mainspring.data.example import Candidate
from mainspring.data.review.filters import UNDECIDED, Decided
from mainspring.data.writing import Decision


class Wish(Value):
    """What a person wants of an example."""

    action: Decided
    question: str = ""
    """Its words instead, for an edit."""
    answer: str = ""

    def decided(self, candidate: Candidate, clock: Clock) -> Decision:
        """Make it a decision, to be kept."""
        at = datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="seconds")
        example = candidate.example
        if self.action == "edit":
            return Decision(id=example.id, action="edit", question=self.question, answer=self.answer, at=at)
        if self.action != UNDECIDED:
            return Decision(id=example.id, action=self.action, at=at)
        return Decision(id=example.id, action="keep" if candidate.is_accepted else "drop")


def standing(decision: Decision | None) -> Decided:
    """Tell how an example stands by its last decision."""
    return UNDECIDED if decision is None or decision.at is None else decision.action


class Decisions:
    """The decisions of one dataset; may be used by several threads.

    Args:
        path: Where they are kept; need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._n_read_bytes = 0
        self._n_read_lines = 0
        self._digest = ""
        self._digested = 0, 0
        self._last: dict[str, Decision] = {}

    def of(self, example: str) -> Decision | None:
        """Give the decision of an example that counts, as far as was read; None where nobody decided."""
        return self._last.get(example)

    @property
    def digest(self) -> str:
        """SHA-256 of the file in hexadecimal; nothing where nobody decided."""
        try:
            found = self.path.stat()
            state = found.st_size, found.st_mtime_ns
            if state != self._digested:
                with self.path.open("rb") as file:
                    self._digest, self._digested = hashlib.file_digest(file, "sha256").hexdigest(), state
        except FileNotFoundError:
            return ""
        return self._digest

    def append(self, decision: Decision) -> None:
        """Keep a decision; when this returns it is on the disk.

        Raises:
            OSError: It could not be written; then it is not kept.
        """
        line = decision.model_dump_json(exclude_none=True).encode() + b"\n"
        with self._lock:
            is_new = not self.path.exists()
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                end = _whole(file)
                if os.write(file, line) < len(line):
                    os.ftruncate(file, end)
                    raise OSError(ENOSPC, os.strerror(ENOSPC), str(self.path))
                os.fsync(file)
            finally:
                os.close(file)
            if is_new:
                _sync_folder(self.path.parent)

    def unread(self) -> Iterator[Decision]:
        """Read what was appended since the last time, by whomever.

        Raises:
            DocumentError: A line is no decision.
        """
        with self._lock:
            try:
                with self.path.open("rb") as file:
                    file.seek(self._n_read_bytes)
                    lines = file.readlines()
            except FileNotFoundError:
                return
            for line in lines:
                if not line.endswith(b"\n"):  # still being written, or cut off by a crash: nobody was told of it
                    return
                self._n_read_bytes += len(line)
                self._n_read_lines += 1
                if line.strip():
                    yield self._noted(line)

    def _noted(self, line: bytes) -> Decision:
        try:
            decision = Decision.model_validate_json(line)
        except ValidationError as error:
            says = error.errors(include_url=False)[0]["msg"]
            raise DocumentError(
                f"{str(self.path)!r}, line {self._n_read_lines} is no decision: {says}; mend it or take it out"
            ) from error
        self._last[decision.id] = decision
        return decision


def _whole(file: int) -> int:
    """Cut off what a crash left of a line that nobody was told of, and give where the next one begins."""
    end = size = os.fstat(file).st_size
    while end > 0 and os.pread(file, 1, end - 1) != b"\n":
        end -= 1
    if end < size:
        os.ftruncate(file, end)
    return end


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every file system lets folders be synchronised
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
