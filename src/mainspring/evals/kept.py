"""Results on the disk: a file of JSON lines, written as they come, so that a killed run goes on from there.

The first line says what is held to what, each other line what came of one case. The last line of a case counts; a
line that was cut off is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ClassVar, Self

from pydantic import ValidationError

from mainspring.core.errors import ConfigError
from mainspring.evals.outcome import Held, JudgeRates, Outcome, Value


class Header(Value):
    """What a file of results is of: its first line."""

    VERSION: ClassVar = 1

    version: int = VERSION
    suite: str
    suite_digest: str
    model: str
    prompt: str = ""
    judge: str = ""
    """The model that judges, where one does."""
    at: str
    n_cases: int
    concurrency: int
    """Cases that were asked at once: seconds per decision are of that load."""

    def is_same_work(self, other: "Header") -> bool:
        """Tell whether two files are of the same questions to the same model."""
        mine = (self.suite_digest, self.model, self.prompt, self.judge)
        return mine == (other.suite_digest, other.model, other.prompt, other.judge)


class Line(Value):
    """What came of a case, or of measuring the judge: any line but the first."""

    outcome: Outcome | None = None
    place: int = 0
    """The case's place in its suite: cases that are asked at once come back in any order."""
    by: str = ""
    """What answered, as its server calls it."""
    judge: JudgeRates | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of results, read."""

    path: Path
    header: Header
    lines: tuple[Line, ...]
    size_bytes: int
    """Up to the end of the last whole line."""

    @property
    def held(self) -> Held:
        """The suite as the model answered it so far, in the order of its cases."""
        in_order = sorted(self.lines, key=lambda line: line.place)
        outcomes = {line.outcome.case: line.outcome for line in in_order if line.outcome is not None}
        return Held(
            suite=self.header.suite,
            suite_digest=self.header.suite_digest,
            model=self.header.model,
            prompt=self.header.prompt,
            at=self.header.at,
            answered_by=tuple(dict.fromkeys(line.by for line in self.lines if line.by)),
            outcomes=tuple(outcomes.values()),
            judge=next((line.judge for line in reversed(self.lines) if line.judge is not None), None),
        )

    @property
    def is_complete(self) -> bool:
        """Whether every case was answered, and none for want of an answer is to be asked again."""
        outcomes = self.held.outcomes
        return len(outcomes) == self.header.n_cases and not any(one.error for one in outcomes)


def read_kept(path: Path) -> Kept:
    """Read a file of results.

    Raises:
        ConfigError: It cannot be read, or is none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"the results {str(path)!r} cannot be read: {error.strerror or error}") from error
    whole = content[: content.rfind(b"\n") + 1]
    first, *rest = whole.splitlines() or [b""]
    try:
        header = Header.model_validate_json(first)
    except ValidationError as error:
        raise ConfigError(
            f"{str(path)!r} is no file of results: its first line does not say what it is of"
        ) from error
    if header.version > Header.VERSION:
        raise ConfigError(
            f"the results {str(path)!r} were written by a newer Mainspring (version {header.version})"
        )
    return Kept(path, header, tuple(_lines(path, rest)), len(whole))


def _lines(path: Path, rest: list[bytes]) -> Iterator[Line]:
    for number, line in enumerate(rest, start=2):
        try:
            yield Line.model_validate_json(line)
        except ValidationError as error:
            raise ConfigError(f"{str(path)!r}, line {number} is no outcome of a case") from error


class Keeper:
    """Writes results as they come, behind those of the same work that are there already.

    Args:
        path: The file; None keeps nothing.
        header: What is held to what.

    Raises:
        ConfigError: The file is of other work.
    """

    def __init__(self, path: Path | None, header: Header) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._found: Kept | None = None
        self.header = header
        if path is not None and path.exists() and path.stat().st_size:
            self._found = read_kept(path)
            if not self._found.header.is_same_work(header):
                raise ConfigError(
                    f"the results {str(path)!r} are of suite {self._found.header.suite!r} and model "
                    f"{self._found.header.model!r}, or of other cases than there are; name another file"
                )
            self.header = self._found.header
        self.lines: list[Line] = [] if self._found is None else list(self._found.lines)
        """All there is."""

    def __enter__(self) -> Self:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
            if self._found is not None:
                self._file.truncate(self._found.size_bytes)
            else:
                self._file.truncate(0)
                self._append(self.header)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def held(self) -> Held:
        """All of it so far."""
        return Kept(self._path or Path(), self.header, tuple(self.lines), 0).held

    def write(self, line: Line) -> None:
        """Keep a line."""
        self.lines.append(line)
        self._append(line)

    def _append(self, value: Value) -> None:
        if self._file is not None:
            self._file.write(value.model_dump_json().encode() + b"\n")
            self._file.flush()
