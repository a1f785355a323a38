"""How far a build has come, for whoever looks at it while it goes."""

from dataclasses import dataclass
from typing import Literal

from mainspring.core import NOTHING, Usage
from mainspring.data.team.work import Worked

Stage = Literal["measuring the judge", "reading", "working", "cleaning", "writing", "done"]


@dataclass(slots=True)
class State:
    """Counts that only grow; looked at, never changed, by others."""

    stage: Stage = "reading"
    n_files: int = 0
    """Documents and skipped files that were read."""
    n_skipped: int = 0
    n_documents: int = 0
    n_passages: int = 0
    """Passages worth a question, of what was read so far."""
    n_asked: int = 0
    """Of these, those that were asked about in the first round."""
    n_known: int = 0
    """Of these, those that an earlier process had asked about."""
    n_candidates: int = 0
    n_accepted: int = 0
    n_failures: int = 0
    """Things that a member of the team did not manage."""
    usage: Usage = NOTHING
    """Of calls in this process."""

    def take(self, worked: Worked, *, is_known: bool) -> None:
        """Take in what came of an assignment."""
        if worked.assignment.round == 0:
            self.n_asked += 1
            self.n_known += is_known
        self.n_candidates += len(worked.candidates)
        self.n_accepted += sum(candidate.is_accepted for candidate in worked.candidates)
        self.n_failures += len(worked.failures)
        if not is_known:
            self.usage += worked.usage
