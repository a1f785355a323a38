"""Every number of an answer must stand in what it cites, or in the question.

Numbers are dates, times, versions and amounts, too. A number that counts what is cited, or that is the sum or the
difference of two others in the answer, stands for itself.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Final

from mainspring.data.checks.asked import Asked
from mainspring.data.checks.lexicon import Lexicon
from mainspring.data.checks.number_source import NumberSource, counts_itself
from mainspring.data.checks.quantities import number, quantities
from mainspring.data.checks.quantity import Quantity
from mainspring.data.example import Objection

_PLACE: Final = re.compile(
    r"^\s*\(?\d{1,2}[.)](?=\s)|\(\d{1,2}\)|\b(?:step|schritt|étape|paso)\s\d{1,2}\b", re.IGNORECASE | re.MULTILINE
)
"""Numbers that say the place in a list."""
_MOST_ADDED: Final = 8
"""Of more numbers nearly everything is a sum."""


def objections(asked: Asked) -> Iterator[Objection]:
    """Object to numbers of an answer that its source does not have."""
    if not asked.is_answerable:
        return
    source = f"{asked.cited}\n\n{asked.example.question}"
    for quantity, unit in unfounded(asked.example.answer, source, asked.lexicon):
        if unit:
            says = f"{quantity.words!r} of the answer has another unit in the cited sentences, {unit!r}: write that"
        else:
            says = (
                f"the number {quantity.words!r} of the answer stands in none of the cited sentences: cite the "
                "sentence that has it, or leave it out"
            )
        yield Objection(check="numbers", says=says)


def unfounded(answer: str, text: str, words: Lexicon) -> list[tuple[Quantity, str]]:
    """Give the numbers of an answer that a text does not have, and the unit that it has instead, if it is that."""
    said = [quantity for quantity in quantities(_PLACE.sub(" ", answer), words) if quantity.values]
    if not said:
        return []
    source = NumberSource(text, words)
    known = [quantity for quantity in said if source.has(quantity)]
    others = [(quantity, unit) for quantity in known if (unit := source.other_unit(quantity))]
    sums = _sums(known)
    missing = [quantity for quantity in said if quantity not in known and not quantity.values & sums]
    return others + [(quantity, "") for quantity in missing if not counts_itself(quantity, answer)]


def _sums(known: Sequence[Quantity]) -> set[str]:
    """Give the sums and differences of two, and the sum of all."""
    values = [value for quantity in known for value in map(_decimal, quantity.values) if value is not None]
    if len(values) < 2 or len(values) > _MOST_ADDED:
        return set()
    pairs = list(combinations(values, 2))
    return (
        {number(a + b) for a, b in pairs}
        | {number(abs(a - b)) for a, b in pairs}
        | {number(sum(values, Decimal(0)))}
    )


def _decimal(value: str) -> Decimal | None:
    try:
        return Decimal(value)
    except InvalidOperation:
        return None
