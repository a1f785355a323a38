"""TRL's preference format: a prompt, an answer to prefer, and one to avoid, all as messages.

Both answer the same question about the same document. The one to avoid was refused for what it says: a number or a
name that its source does not hold, words that nothing supports, a refusal where there is an answer, an answer where
there is none, or a judge's no. What was refused for its style, its form or as a duplicate may well be true, and is
never set against anything.
"""

from collections.abc import Iterator
from typing import ClassVar, Final

from pydantic import JsonValue

from mainspring.core import JsonObject
from mainspring.data.example import Candidate
from mainspring.data.writing.chosen import Chosen
from mainspring.data.writing.conversation import (
    conversation_problems,
    first_words,
    instructions,
    last_words,
    message,
)
from mainspring.data.writing.folder import FormatName
from mainspring.data.writing.format import HAS_TURNS, Row, Words
from mainspring.data.writing.formats.openai import MESSAGES

CONTENT: Final = frozenset({"coverage", "judge", "names", "numbers", "refusals"})
"""The checks that object to what an answer says."""
_ALONE: Final = "no answer to its question was refused for what it says"
_FIELDS: Final = ("prompt", "chosen", "rejected")


def can_be_rejected(candidate: Candidate) -> bool:
    """Tell whether a candidate was refused for what its answer says, and for nothing else."""
    checks = {objection.check for objection in candidate.objections}
    return bool(checks) and checks <= CONTENT and not candidate.messages


class Preference:
    """Write pairs of answers.

    Args:
        system: Instructions that each prompt begins with; none if empty.
    """

    NAME: ClassVar[FormatName] = "preference"
    PAIRS: ClassVar = True
    FEATURES: ClassVar[JsonValue] = [{"name": name, "list": MESSAGES} for name in _FIELDS]

    def __init__(self, system: str = "") -> None:
        self._system = system

    def why_not(self, chosen: Chosen) -> str:
        """Leave out conversations, and what has nothing to be set against."""
        if chosen.candidate.messages:
            return HAS_TURNS
        return "" if _others(chosen) else _ALONE

    def rows(self, chosen: Chosen) -> Iterator[Row]:
        """Write a row for each refused answer."""
        for refused in _others(chosen):
            fields: JsonObject = {
                "prompt": [*instructions(self._system), message("user", chosen.question)],
                "chosen": [message("assistant", chosen.answer)],
                "rejected": [message("assistant", refused.example.answer)],
            }
            yield Row(fields, refused.example.id)

    def problems(self, fields: JsonObject) -> Iterator[str]:
        """Look for other fields, at both conversations, and whether they differ."""
        parts = {name: fields.get(name) for name in _FIELDS}
        prompt, *answers = [part if isinstance(part, list) else [] for part in parts.values()]
        if set(fields) != set(_FIELDS) or not all(parts.values()):
            yield f"the fields are {sorted(fields)} instead of filled lists in {sorted(_FIELDS)}"
            return
        for name, answer in zip(_FIELDS[1:], answers, strict=True):
            yield from (f"{name}: {problem}" for problem in conversation_problems([*prompt, *answer]))
        if answers[0] == answers[1]:
            yield "the chosen answer is the rejected one"

    def words(self, fields: JsonObject) -> Words:
        """Give the question and both answers."""
        return Words(
            first_words(fields["prompt"], "user"),
            last_words(fields["chosen"], "assistant"),
            last_words(fields["rejected"], "assistant"),
        )


def _others(chosen: Chosen) -> list[Candidate]:
    said = _plain(chosen.answer)
    return [refused for refused in chosen.refused if _plain(refused.example.answer) != said]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
