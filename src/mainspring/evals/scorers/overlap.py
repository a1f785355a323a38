"""The answer has the words of the right one, by the F1 score of SQuAD (arXiv 1606.05250): for free words."""

import re
from collections import Counter
from typing import Final

from mainspring.core import Decision
from mainspring.evals.outcome import Value
from mainspring.evals.scorer import RIGHT, Question, Verdict, answer_of, wrong
from mainspring.evals.values import folded, words_of

_WORD: Final = re.compile(r"\w+")


class Overlap(Value):
    """What the answer has to be like."""

    answer: str | tuple[str, ...]
    """The right answer, or several of which the nearest counts."""

    def score(self, asked: Question, decision: Decision) -> Verdict:  # noqa: ARG002 - as scorers have it
        """Count the words that both have; the score is the harmonic mean of their shares."""
        given = answer_of(decision)
        if isinstance(given, Verdict):
            return given
        rights = (self.answer,) if isinstance(self.answer, str) else self.answer
        words = _counted(words_of(given))
        best = max((_f1(words, _counted(right)) for right in rights), default=0.0)
        if best == 1.0:
            return RIGHT
        return Verdict(best, "it is in other words") if best else wrong("it has no word of the right answer")


def _counted(text: str) -> Counter[str]:
    return Counter(_WORD.findall(folded(text)))


def _f1(one: Counter[str], other: Counter[str]) -> float:
    n_shared = (one & other).total()
    n_words = one.total() + other.total()
    return 2 * n_shared / n_words if n_words else 1.0
