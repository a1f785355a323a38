"""The right thing is to answer, or to decline, and to call no tool."""

from typing import Literal

from mainspring.core import Decision
from mainspring.evals.outcome import Value
from mainspring.evals.scorer import Question, Verdict
from mainspring.evals.scorers.says import Says


class NoCall(Value):
    """What the answer has to say, if anything: that there is one is what counts."""

    no_call: Literal[True] = True
    says: tuple[str | tuple[str, ...], ...] = ()
    never: tuple[str, ...] = ()

    def score(self, asked: Question, decision: Decision) -> Verdict:
        """Look that it is an answer, and for the wordings if there are some."""
        return Says(says=self.says, never=self.never).score(asked, decision)
