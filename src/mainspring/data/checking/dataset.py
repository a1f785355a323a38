"""The check of a dataset: every row, where it comes from, what it cites, and what the whole is like.

    shards + provenance --> schema, provenance, spans, duplicates, leakage, lengths, kinds
    candidates + decisions + report --> whether the rows are what these say, and how the judge did

What it keeps true: nothing is written; what is wrong with a row is a finding and never the end of the check.
"""

from collections import Counter
from pathlib import Path
from typing import Final

from mainspring.data.checking.findings import Collected, Findings
from mainspring.data.checking.folder import look_at_files, look_at_inputs, opened
from mainspring.data.checking.lengths import LengthCount
from mainspring.data.checking.repeats import RepeatCheck
from mainspring.data.checking.rows import ReadRow, RowReader
from mainspring.data.checking.spans import SpanCheck
from mainspring.data.example import Kind, Split
from mainspring.data.writing import (
    Dataset,
    ProvenanceRow,
    Words,
    choose,
    format_of,
    read_candidates,
)
from mainspring.data.writing.folder import CARD, DECISIONS, PROVENANCE, SHARD, SPLITS
from mainspring.data.writing.sources import Sources, digest_of

MOST_FALSE_ACCEPTS: Final = 0.2
"""Share of bad controls above which a judge that counts is worth a warning."""
_MOST_OF_ONE_KIND: Final = 0.9
_ROWS_FOR_BALANCE: Final = 20


def check_dataset(folder: Path) -> Findings:
    """Check the dataset in a folder.

    Raises:
        ConfigError: There is none in it, or a file that it is derived from is broken.
    """
    dataset = opened(folder)
    return _Check(folder, dataset, Sources.read(folder)).run()


class _Check:
    """One check of one dataset."""

    def __init__(self, folder: Path, dataset: Dataset, sources: Sources) -> None:
        self._folder = folder
        self._dataset = dataset
        self._sources = sources
        self._found = Collected()
        self._format = format_of(dataset.format, dataset.system)
        self._spans = SpanCheck(folder, sources.documents, self._found)
        self._repeats = RepeatCheck(self._found)
        self._lengths = LengthCount()
        self._kinds: Counter[tuple[Split, Kind]] = Counter()
        self._n_rows: Counter[Split] = Counter()
        self._ids: set[str] = set()
        self._n_candidates = self._n_accepted = 0

    def run(self) -> Findings:
        """Look at everything."""
        shards = [name for name in self._dataset.outputs if SHARD.fullmatch(name)]
        rows = RowReader(self._folder, shards, self._found)
        for row in rows:
            self._look(row)
        seen = {**rows.digests, CARD: digest_of(self._folder / CARD)}
        look_at_files(self._folder, self._dataset, seen, self._found)
        look_at_inputs(self._dataset, self._sources.digests, self._found)
        self._look_at_candidates()
        self._look_at_the_whole()
        return self._findings()

    def _look(self, row: ReadRow) -> None:
        where, fields, known = row.where, row.fields, row.provenance
        problems = [*self._format.problems(fields)] if fields is not None else []
        for problem in problems:
            self._found.error("schema", problem, where)
        words = self._format.words(fields) if fields is not None and not problems else None
        if where:
            self._n_rows[_split(where)] += 1
        if words is not None:
            self._lengths.add(words.text)
            self._repeats.look(words, where, is_recorded=known is not None and not known.spans)
        if known is not None:
            self._kinds[known.split, known.kind] += 1
            self._ids.add(known.id)
            self._spans.look(known)
        if known is not None and where:
            self._look_at_provenance(where, words, known)

    def _look_at_provenance(self, where: str, words: Words | None, known: ProvenanceRow) -> None:
        document = self._sources.documents.get(known.document)
        if known.row != where:
            self._found.error("provenance", f"its line of provenance is that of {known.row}", where)
        elif words is not None and known.question != words.question:
            self._found.error("provenance", "its line of provenance has another question", where)
        if document is None:
            self._found.error("provenance", f"its document {known.document!r} is not kept", where)
        elif document.split != _split(where):
            self._found.error("leakage", f"its document {document.name!r} is in {document.split!r}", where)

    def _look_at_candidates(self) -> None:
        """See that every row is an example which is to be a row, and every decision about an example."""
        decisions = self._sources.decisions
        missing, undecided = self._ids, set(decisions)
        for candidate in read_candidates(self._folder):
            self._n_candidates += 1
            self._n_accepted += candidate.is_accepted
            name = candidate.example.id
            undecided.discard(name)
            if choose(candidate, decisions.get(name)) is not None:
                missing.discard(name)
        for name in sorted(missing):
            self._found.error("candidates", f"the example {name} has a row, and is refused or unknown", PROVENANCE)
        for name in sorted(undecided):
            self._found.warn("decisions", f"the example {name} was decided on, and is unknown", DECISIONS)

    def _look_at_the_whole(self) -> None:
        n_rows = self._n_rows.total()
        if not n_rows:
            self._found.error(
                "rows", "there are no rows: nothing was accepted, or the format could write none of it"
            )
        for kind, n in self._by_kind().items():
            if n_rows >= _ROWS_FOR_BALANCE and n > _MOST_OF_ONE_KIND * n_rows:
                self._found.warn("balance", f"{n / n_rows:.0%} of all rows are of the kind {kind!r}")
        report = self._sources.report
        if report.stopped:
            self._found.warn("build", f"it was stopped before its end: {report.stopped}")
        judge = report.judge
        rate = None if judge is None else judge.false_accept_rate
        if judge is not None and judge.counts and (rate is None or rate > MOST_FALSE_ACCEPTS):
            share = "was measured on no bad example" if rate is None else f"let {rate:.0%} of the bad examples pass"
            self._found.warn("judge", f"the judge {share}, and its verdicts counted")

    def _by_kind(self) -> Counter[Kind]:
        found: Counter[Kind] = Counter()
        for (_, kind), n in self._kinds.items():
            found[kind] += n
        return found

    def _findings(self) -> Findings:
        kinds = {
            split: {kind: n for (of, kind), n in sorted(self._kinds.items()) if of == split} for split in SPLITS
        }
        return Findings(
            format=self._dataset.format,
            n_rows={split: self._n_rows[split] for split in SPLITS},
            kinds=kinds,
            n_candidates=self._n_candidates,
            n_accepted=self._n_accepted,
            n_decisions=len(self._sources.decisions),
            left_out=self._dataset.left_out,
            characters=self._lengths.characters,
            tokens=self._lengths.tokens,
            histogram=self._lengths.histogram,
            judge=self._sources.report.judge,
            findings=self._found.findings,
            n_found=dict(sorted(self._found.n_found.items())),
            notes=tuple(self._repeats.notes),
        )


def _split(where: str) -> Split:
    return next(split for split in SPLITS if where.startswith(split))
