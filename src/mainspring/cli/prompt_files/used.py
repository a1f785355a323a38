"""Which datasets were made by which version of a prompt, and how many of its examples were accepted.

Counted over a dataset's candidates, so that one made by several versions is told apart; where those are gone, its
report says it for the whole.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from mainspring.core.errors import ConfigError

_CANDIDATES: Final = "candidates.jsonl"
_REPORT: Final = "report.json"


@dataclass(frozen=True, slots=True)
class Use:
    """What a dataset owes to one version of a prompt."""

    dataset: str
    """Its folder."""
    version: str
    digest: str
    """SHA-256 of the words that it was made by."""
    accepted: int
    candidates: int

    @property
    def rate(self) -> float | None:
        """The share of its candidates that was accepted; None where there are none."""
        return self.accepted / self.candidates if self.candidates else None


def uses(folder: Path, prompt: str) -> list[Use]:
    """Say by which versions of a prompt a dataset was made.

    Args:
        folder: The dataset's folder.
        prompt: The prompt's name.

    Raises:
        ConfigError: The folder holds no dataset, or a file of it is broken.
    """
    candidates, report = folder / _CANDIDATES, folder / _REPORT
    if not (candidates.is_file() or report.is_file()):
        raise ConfigError(f"{str(folder)!r} holds no dataset: there is neither {_CANDIDATES} nor {_REPORT} in it")
    return _of_candidates(candidates, prompt) if candidates.is_file() else _of_report(report, prompt)


def _of_candidates(path: Path, prompt: str) -> list[Use]:
    made: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for line in _lines(path):
        stamp = line.get("provenance", {}).get("prompts", {}).get(prompt)
        if stamp is not None:
            made[stamp] += 1
            accepted[stamp] += not line.get("objections")
    return [_use(path, stamp, accepted[stamp], n) for stamp, n in made.items()]


def _of_report(path: Path, prompt: str) -> list[Use]:
    try:
        report = orjson.loads(path.read_bytes())
        stamp, acceptance = report.get("prompts", {}).get(prompt), report.get("acceptance", {})
        found = (int(acceptance.get("accepted", 0)), int(acceptance.get("candidates", 0)))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(f"{str(path)!r} is not the report of a dataset: {error}") from error
    return [] if stamp is None else [_use(path, str(stamp), *found)]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                read = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ConfigError(f"{str(path)!r}, line {number}: it is not JSON: {error}") from error
            if not isinstance(read, dict):
                raise ConfigError(f"{str(path)!r}, line {number}: it is no candidate")
            yield read


def _use(path: Path, stamp: str, accepted: int, candidates: int) -> Use:
    version, _, digest = stamp.rpartition(":")
    return Use(str(path.parent), version, digest, accepted, candidates)
