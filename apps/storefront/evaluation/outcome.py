"""What came of a conversation, and the file in which outcomes are kept as they come.

A line is one outcome. It is written whole before the next conversation begins, so an evaluation that was killed
goes on behind the last one; a line that was cut off counts as not written.
"""

import os
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, ValidationError

from mainspring.core.errors import ConfigError

VERSION: Final = 1
"""Of a line; lines of another version are not gone on from."""


class Outcome(BaseModel):
    """What came of one conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = VERSION
    number: int
    category: str
    name: str
    design: str
    """Who served the customer."""
    model: str
    """Whom the agents asked."""
    digest: str
    """Digest of the conversation."""
    problems: list[str]
    """What is not as it must be; empty if it is passed."""
    said: list[str]
    """The customer's words."""
    answers: list[str]
    asked: list[str]
    """What a human was asked, and said."""
    steps: list[str]
    """What happened, line by line."""
    model_calls: NonNegativeInt
    tool_calls: NonNegativeInt
    input_tokens: NonNegativeInt
    """Those that a prefix cache saved included."""
    cached_tokens: NonNegativeInt
    output_tokens: NonNegativeInt
    wall_s: NonNegativeFloat

    @property
    def is_passed(self) -> bool:
        """Whether all is as it must be."""
        return not self.problems


class OutcomeFile:
    """Outcomes in a file, one JSON object a line.

    Args:
        path: The file, made if it is not there.
        resume: Whether to go on with a file that is there.

    Raises:
        ConfigError: It is there, and is not to be gone on with.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        if path.exists() and not resume:
            raise ConfigError(f"{str(path)!r} is there already; go on with it by --resume, or name another file")
        self._path = path

    def read(self) -> list[Outcome]:
        """Give the outcomes that are there whole."""
        if not self._path.exists():
            return []
        lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        return [outcome for outcome in map(_read, lines) if outcome is not None]

    def append(self, outcome: Outcome) -> None:
        """Write an outcome behind the others."""
        with self._path.open("a+b") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            cut_off = b"" if file.read() in {b"", b"\n"} else b"\n"
            file.write(cut_off + outcome.model_dump_json().encode() + b"\n")


def _read(line: str) -> Outcome | None:
    try:
        outcome = Outcome.model_validate_json(line)
    except ValidationError:
        return None
    return outcome if outcome.version == VERSION else None
