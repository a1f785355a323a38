"""What is on a ticket has to be in the request: names and numbers that nobody wrote are not handed on.

It says what is wrong in words that a model, or a larger one, can mend it by; a run that needed no mending is one to
learn from.
"""

import re
from typing import Final

from pydantic_core import from_json

NUMBERS: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_ONES: Final = {"a", "an", "another", "the", "my"}
_NOT_COPIED: Final = frozenset({"desk", "kind"})


def as_said(question: str, answer: str) -> str:
    """Say which fields of a ticket are not in the request; nothing where all are."""
    ticket = from_json(answer)
    heard = " ".join(question.casefold().split())
    made_up = [
        f"{name} {value!r}"
        for name, value in ticket.items()
        if name not in _NOT_COPIED and not _is_said(heard, value)
    ]
    return f"the request does not say {', '.join(made_up)}" if made_up else ""


def _is_said(heard: str, value: str | int) -> bool:
    if isinstance(value, str):
        return " ".join(value.casefold().split()) in heard
    words = {str(value), f"{value:,}"}
    if value < len(NUMBERS):
        words.add(NUMBERS[value])
    if value == 1:
        words |= _ONES
    return value == 0 or any(re.search(rf"(?<![\w.]){re.escape(word)}(?![\w]|[.,]\d)", heard) for word in words)
