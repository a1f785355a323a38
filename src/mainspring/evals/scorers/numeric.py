"""The answer is a number, within a share of the right one, whatever it is dressed in.

Of several numbers in an answer the last one with the right unit counts, and else the last one, as graders of word
problems have it (GSM8K: arXiv 2110.14168).
"""

import re
from typing import Final

from pydantic import Field, JsonValue, field_validator

from mainspring.core import Decision
from mainspring.evals.outcome import Value
from mainspring.evals.scorer import RIGHT, Question, Verdict, answer_of, wrong
from mainspring.evals.values import close, folded, words_of

_NUMBER: Final = re.compile(
    r"(?<![\w.,])[-+\u2212]?[$€£]?(?P<whole>\d{1,3}(?:[,'\u00a0\u202f\u2009]\d{3})+(?!\d)|\d+)"
    r"(?P<part>[.,]\d+)?(?P<power>[eE][-+]?\d+)?(?P<unit>\s?[^\W\d_]+|\s?[%°])?"
)
_AT_ZERO: Final = 1e-9


class Numeric(Value):
    """Which number the answer has to be."""

    answer: float
    """A number, or words with one in them."""
    tolerance: float = Field(default=0.001, ge=0)
    """By what share of the right number it may be off."""
    unit: str = ""
    """What stands behind the number that counts, as `km`."""

    @field_validator("answer", mode="before")
    @classmethod
    def _of_words(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        if not (found := numbers_in(given)):
            raise ValueError(f"there is no number in {given!r}")
        return found[-1][0]

    def score(self, asked: Question, decision: Decision) -> Verdict:  # noqa: ARG002 - as scorers have it
        """Find the number of the answer and compare it."""
        given = answer_of(decision)
        if isinstance(given, Verdict):
            return given
        found = self._number(given)
        if found is None:
            return wrong("there is no number in it")
        is_right = close(found, self.answer, self.tolerance) if self.answer else abs(found) <= _AT_ZERO
        return RIGHT if is_right else wrong(f"it is {found:g} instead of {self.answer:g}")

    def _number(self, given: JsonValue) -> float | None:
        if isinstance(given, int | float) and not isinstance(given, bool):
            return float(given)
        found = numbers_in(words_of(given))
        fitting = [number for number, unit in found if self.unit and unit == folded(self.unit)]
        numbers = fitting or [number for number, _ in found]
        return numbers[-1] if numbers else None


def numbers_in(text: str) -> list[tuple[float, str]]:
    """Give the numbers of a text, each with the word behind it, folded."""
    found = []
    for match in _NUMBER.finditer(text):
        whole = re.sub(r"\D", "", match["whole"])
        part = (match["part"] or "").replace(",", ".")
        number = float(f"{whole}{part}{match['power'] or ''}")
        found.append((-number if match[0][0] in "-\u2212" else number, folded(match["unit"] or "")))
    return found
