"""Controls: answers of which is known whether they are good, put before a judge to measure it.

A suite has its own (`controls.jsonl`), or they are made of its cases: a case's right answer is good, and that of
another case is bad.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue, ValidationError

from mainspring.core import JsonObject, Message
from mainspring.evals.case import Case, options_of
from mainspring.evals.conversation import read_messages
from mainspring.evals.outcome import Value
from mainspring.evals.scorer import Question
from mainspring.evals.scorers import Judged

_PLANTED_AT_MOST: Final = 24


class ControlRow(Value):
    """A control as it stands in a file: a line of `controls.jsonl`."""

    question: str = ""
    messages: tuple[JsonObject, ...] = ()
    expect: Judged = Judged()
    said: JsonValue
    """The answer that is judged."""
    good: bool
    """Whether a judge should accept it."""


@dataclass(frozen=True, slots=True)
class Control:
    """An answer of which is known whether it is good."""

    asked: Question
    expected: Judged
    said: JsonValue
    is_good: bool


def control_of(row: JsonObject) -> Control:
    """Make a control of a line.

    Raises:
        ValueError: It is none.
    """
    try:
        read = ControlRow.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if bool(read.question) == bool(read.messages):
        raise ValueError("it has to have a question or messages, one of the two")
    messages = read_messages(read.messages) if read.messages else (Message.user(read.question),)
    return Control(Question(messages, options_of((), None)), read.expect, read.said, read.good)


def planted(cases: Sequence[Case]) -> list[Control]:
    """Make controls of cases that have a right answer: that one, and the next case's in turn."""
    known = [(case.asked, case.expected) for case in _chosen(cases) if isinstance(case.expected, Judged)]
    found: list[Control] = []
    for (asked, right), (_, next_right) in zip(known, [*known[1:], *known[:1]], strict=True):
        found.append(Control(asked, right, right.answer, is_good=True))
        if next_right.answer != right.answer:
            found.append(Control(asked, right, next_right.answer, is_good=False))
    return found


def _chosen(cases: Sequence[Case]) -> list[Case]:
    with_answer = (case for case in cases if isinstance(case.expected, Judged) and case.expected.answer)
    return sorted(with_answer, key=lambda case: hashlib.sha256(case.id.encode()).digest())[: _PLANTED_AT_MOST // 2]
