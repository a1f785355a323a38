"""The answer says what it should, in one of several wordings, and nothing of what it should not."""

import re
from collections.abc import Sequence

from pydantic import Field

from mainspring.core import Decision
from mainspring.evals.outcome import Value
from mainspring.evals.scorer import Question, Verdict, answer_of, wrong
from mainspring.evals.values import folded, words_of


class Says(Value):
    """What has to be in the answer. Each is a wording, or several as a list or with `|` between; one is enough."""

    says: tuple[str | tuple[str, ...], ...] = ()
    never: tuple[str, ...] = ()
    """What makes the answer wrong whatever else it says."""
    answer: str | tuple[str, ...] = Field(default=())
    """Wordings of which one is enough; the same as one more list in `says`."""

    def score(self, asked: Question, decision: Decision) -> Verdict:  # noqa: ARG002 - as scorers have it
        """Look for the wordings as whole words; the score is the share that is there."""
        given = answer_of(decision)
        if isinstance(given, Verdict):
            return given
        words = folded(words_of(given))
        if spoken := [one for one in self.never if _is_in(one, words)]:
            return wrong(f"it says {spoken[0]!r}")
        wanted = [_listed(one) for one in (*self.says, *([self.answer] if self.answer else []))]
        missing = [some for some in wanted if not any(_is_in(one, words) for one in some)]
        if not missing:
            return Verdict(1.0)
        says = "; nor ".join(" or ".join(map(repr, some)) for some in missing)
        return Verdict(1 - len(missing) / len(wanted), f"it does not say {says}")


def _listed(one: str | tuple[str, ...]) -> Sequence[str]:
    return one.split("|") if isinstance(one, str) else one


def _is_in(wording: str, words: str) -> bool:
    """Tell whether a wording is in a folded text, and not as part of longer words."""
    before, behind = (r"(?<!\w)", r"(?!\w)")
    return re.search(f"{before}{re.escape(folded(wording))}{behind}", words) is not None
