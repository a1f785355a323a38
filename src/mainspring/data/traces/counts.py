"""How many runs were looked at, and why some of them were left out."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from mainspring.core import JsonObject

Reason = Literal["filter", "no_answer", "no_question", "secret", "untrusted", "same_words", "unreadable"]
REASONS: Final[dict[Reason, str]] = {
    "filter": "the filter does not want them",
    "no_answer": "they ended without an answer",
    "no_question": "nobody asked them anything in words",
    "secret": "they hold something secret",
    "untrusted": "they hold words that anybody may have written",
    "same_words": "every word of them is that of a newer one",
    "unreadable": "they cannot be read",
}
"""Why a run is left out, in words."""
_PROBLEMS: Final = 20


@dataclass(slots=True)
class Counts:
    """Counts of runs, kept up while they are read."""

    n_looked_at: int = 0
    n_taken: int = 0
    n_marked: int = 0
    """Of those that were taken: how many with an objection, so that somebody has to look at them."""
    left_out: Counter[Reason] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    """What was wrong with runs that could not be read, in words; of many only the first."""

    def leave_out(self, reason: Reason, problem: str = "") -> None:
        """Count a run that is left out."""
        self.left_out[reason] += 1
        if problem and len(self.problems) < _PROBLEMS:
            self.problems.append(problem)

    @property
    def document(self) -> JsonObject:
        """What a program is told of it."""
        return {
            "n_looked_at": self.n_looked_at,
            "n_taken": self.n_taken,
            "n_marked": self.n_marked,
            "left_out": {str(reason): n for reason, n in self.left_out.items()},
            "problems": [*self.problems],
        }
