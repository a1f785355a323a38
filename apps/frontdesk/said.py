"""A ticket says what the request says: nothing is made up, and no order, article or price is lost.

It says what is wrong in words that a model, or a larger one, can mend it by; a run that needed no mending is one to
learn from. A ticket for the wrong desk mostly has no field for what was said, so most of those are found out too.
"""

import re
from collections.abc import Iterator
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
_HARDWARE: Final = frozenset({"model", "gpu"})
_CODE: Final = re.compile(r"\b[a-z][\w.-]*\d(?:[\w.-]*\w)?")
"""Orders, articles, models and GPUs: names that begin with a letter and have a figure."""
_PRICE: Final = re.compile(r"\b(\d[\d,]*) euro\b")


def as_said(question: str, answer: str) -> str:
    """Say what a ticket has that the request has not, and the other way round; nothing where they agree."""
    ticket = from_json(answer)
    heard = " ".join(question.casefold().split())
    wrong = {
        "the request does not say": [*_made_up(ticket, heard)],
        "the ticket leaves out": [*_left_out(ticket, heard)],
    }
    return "; ".join(f"{says} {', '.join(what)}" for says, what in wrong.items() if what)


def _made_up(ticket: dict[str, str | int], heard: str) -> Iterator[str]:
    for name, value in ticket.items():
        is_named = name not in _HARDWARE or any(sign.isdigit() for sign in str(value))
        if name not in _NOT_COPIED and not (is_named and _is_said(heard, value)):
            yield f"{name} {value!r}"


def _left_out(ticket: dict[str, str | int], heard: str) -> Iterator[str]:
    written = " ".join(map(str, ticket.values())).casefold()
    yield from (code for code in _CODE.findall(heard) if code.removesuffix("s") not in written)
    prices = (price.replace(",", "") for price in _PRICE.findall(heard))
    yield from (f"{price} euro" for price in prices if price != str(ticket.get("max_euro")))


def _is_said(heard: str, value: str | int) -> bool:
    if isinstance(value, str):
        return " ".join(value.casefold().split()) in heard
    words = {str(value), f"{value:,}"}
    if value < len(NUMBERS):
        words.add(NUMBERS[value])
    if value == 1:
        words |= _ONES
    return value == 0 or any(re.search(rf"(?<![\w.]){re.escape(word)}(?![\w]|[.,]\d)", heard) for word in words)
