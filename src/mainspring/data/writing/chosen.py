"""What becomes of a candidate once a person has looked: chosen as it is, chosen with other words, or left out.

A person's word counts more than the checks': `keep` takes in what they refused, `drop` leaves out what they
accepted, and an edited example is taken in with its spans as they were.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from mainspring.core.errors import ConfigError
from mainspring.data.example import Candidate
from mainspring.data.writing.folder import DECISIONS, Decision


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate that is to become a row."""

    candidate: Candidate
    question: str
    answer: str
    is_edited: bool = False
    is_kept: bool = False
    """Whether a person took it in against the checks."""
    refused: tuple[Candidate, ...] = ()
    """Refused answers to the same question, for a format that sets them against this one."""


def choose(candidate: Candidate, decision: Decision | None) -> Chosen | None:
    """Tell whether a candidate becomes a row, and with which words."""
    example = candidate.example
    action = None if decision is None else decision.action
    if action == "drop" or (action is None and not candidate.is_accepted):
        return None
    if decision is None or action == "keep":
        return Chosen(candidate, example.question, example.answer, is_kept=not candidate.is_accepted)
    question = example.question if decision.question is None else decision.question
    answer = example.answer if decision.answer is None else decision.answer
    return Chosen(
        candidate,
        question,
        answer,
        is_edited=(question, answer) != (example.question, example.answer),
        is_kept=not candidate.is_accepted,
    )


def read_decisions(folder: Path) -> Mapping[str, Decision]:
    """Read what a person decided: id of the example to the last decision of it; nothing where nobody looked.

    A last line that was cut off was never confirmed to anybody, and is passed over.

    Raises:
        ConfigError: A line is broken.
    """
    path, found = folder / DECISIONS, dict[str, Decision]()
    try:
        with path.open("rb") as file:
            for place, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    decision = Decision.model_validate_json(line)
                except ValidationError as error:
                    if not line.endswith(b"\n"):
                        break
                    says = error.errors(include_url=False)[0]["msg"]
                    raise ConfigError(f"{str(path)!r}, line {place} is no decision: {says}") from error
                found[decision.id] = decision
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    return found
