"""The numbers that a text has: those that stand in it, and those that count what it lists."""

import re
from typing import Final

from mainspring.data.checks.dates import months
from mainspring.data.checks.lexicon import Lexicon
from mainspring.data.checks.quantities import number, quantities
from mainspring.data.checks.quantity import Quantity
from mainspring.memory.words import words_of

_ITEM: Final = re.compile(r"^\s*(?:[-*+•–]|\(?\d{1,2}[.)])\s", re.MULTILINE)
_CLAUSE: Final = re.compile(r"[.:\n]")
_COMMA: Final = re.compile(r"[,;]\s")
_AND: Final = re.compile(r"\b(?:and|or|und|oder|sowie|et|ou|y|o)\b", re.IGNORECASE)
_MOST_COUNTED: Final = 20


class NumberSource:
    """The numbers that an answer may use.

    Args:
        text: What is cited, and the question.
        words: The language.
    """

    def __init__(self, text: str, words: Lexicon) -> None:
        self._values = set(months(text, words))
        self._units: dict[str, set[str]] = {}
        for quantity in quantities(text, words):
            self._values |= quantity.values | quantity.also
            for value in quantity.values:
                self._units.setdefault(value, set()).add(quantity.unit)
        self._values |= {number(words.ordinals[name]) for name in words_of(text) if name in words.ordinals}
        self._text = text

    def has(self, quantity: Quantity) -> bool:
        """Tell whether a number stands in the source, whatever its unit."""
        if quantity.values & self._values or counts_itself(quantity, self._text):
            return True
        return bool(quantity.parts) and quantity.parts <= self._values and not self._has_other_year(quantity)

    def other_unit(self, quantity: Quantity) -> str:
        """Give the unit that the source says where the answer says another; empty where there is none such."""
        units = set[str]().union(*(self._units.get(value, set()) for value in quantity.values))
        if not quantity.unit or not units or units & {quantity.unit, ""}:
            return ""
        return min(units)

    def _has_other_year(self, quantity: Quantity) -> bool:
        """Tell whether the source has the day of a date, in full and with another year."""
        (value,) = quantity.values if len(quantity.values) == 1 else ("",)
        return value.count("-") == 2 and any(
            known != value and len(known) == len(value) and known[4:] == value[4:] and known[0].isdigit()
            for known in self._values
        )


def counts_itself(quantity: Quantity, text: str) -> bool:
    """Tell whether a number is that of the items of a list in a text."""
    if quantity.unit:
        return False
    is_two = quantity.is_word and "2" in quantity.values
    return bool(quantity.values & _counts(text)) or (is_two and _AND.search(text) is not None)


def _counts(text: str) -> set[str]:
    """Count the items of the lists in a text: lines with a mark before them, and what commas and `and` join."""
    found = {len(_ITEM.findall(text))}
    for clause in _CLAUSE.split(text):
        n_items = 0
        for part in _COMMA.split(clause):
            joint = _AND.search(part)
            if joint is not None and n_items:
                found.add(n_items + (2 if part[: joint.start()].strip() else 1))
            n_items = 0 if joint else n_items + 1
    return {number(count) for count in found if 2 <= count <= _MOST_COUNTED}
