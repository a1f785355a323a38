"""The answer is one of the right ones, word for word; case, blanks and punctuation at the ends do not count."""

from pydantic import Field, JsonValue

from mainspring.core import Decision
from mainspring.evals.outcome import Value
from mainspring.evals.scorer import RIGHT, Question, Verdict, answer_of, wrong
from mainspring.evals.values import normalised, same, words_of


class Exact(Value):
    """What the answer has to be."""

    answer: JsonValue = Field()
    """The right answer, or a list of right ones."""

    def score(self, asked: Question, decision: Decision) -> Verdict:  # noqa: ARG002 - as scorers have it
        """Compare the answer with the right ones: as values, or else as words."""
        given = answer_of(decision)
        if isinstance(given, Verdict):
            return given
        rights = self.answer if isinstance(self.answer, list) else [self.answer]
        words = normalised(words_of(given))
        if any(same(given, right) or words == normalised(words_of(right)) for right in [*rights, self.answer]):
            return RIGHT
        return wrong(f"it is not {' or '.join(repr(words_of(right)) for right in rights)}")
