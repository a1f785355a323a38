"""What a dataset is made of, counted while it is written; its size depends on documents, never on rows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from mainspring.data.example import Candidate, Kind, Split
from mainspring.data.writing.chosen import Chosen


@dataclass(slots=True)
class Tally:
    """Counts of candidates and of rows."""

    n_candidates: int = 0
    n_accepted: int = 0
    n_dropped: int = 0
    """Accepted by the checks, and dropped by a person."""
    n_kept: int = 0
    n_edited: int = 0
    n_cited: int = 0
    """Rows that rest on spans of a document."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Check to the candidates that it refused; one may be refused by several."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Why the format could not write an example, and how many."""
    rows: Counter[tuple[Split, Kind]] = field(default_factory=Counter)
    by_document: Counter[str] = field(default_factory=Counter)
    prompts: dict[str, set[str]] = field(default_factory=dict)
    """Agent to the prompts that its accepted examples were made by."""
    models: dict[str, set[str]] = field(default_factory=dict)

    def see(self, candidate: Candidate, chosen: Chosen | None) -> None:
        """Count a candidate, and what became of it."""
        self.n_candidates += 1
        self.n_accepted += candidate.is_accepted
        self.n_dropped += candidate.is_accepted and chosen is None
        self.refusals.update({objection.check for objection in candidate.objections})
        if chosen is not None:
            self.n_kept += chosen.is_kept
            self.n_edited += chosen.is_edited

    def take(self, chosen: Chosen, split: Split) -> None:
        """Count a row."""
        example, provenance = chosen.candidate.example, chosen.candidate.provenance
        self.rows[split, example.kind] += 1
        self.by_document[example.document] += 1
        self.n_cited += bool(example.spans)
        _note(self.prompts, provenance.prompts)
        _note(self.models, provenance.models)

    def n_rows(self, split: Split | None = None, kind: Kind | None = None) -> int:
        """Count the rows of a split, of a kind, of both or of all."""
        return sum(
            n
            for (row_split, row_kind), n in self.rows.items()
            if split in {None, row_split} and kind in {None, row_kind}
        )


def _note(known: dict[str, set[str]], seen: Mapping[str, str]) -> None:
    for agent, value in seen.items():
        known.setdefault(agent, set()).add(value)
