"""From what was worked to the files of a dataset: candidates cleaned and written, documents with their splits.

What was worked is folded out of the store one document at a time, also where the work was stopped half-way. What is
written follows from that alone, so the same work gives the same bytes.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

from mainspring.core.disk import whole_file
from mainspring.core.errors import ConfigError
from mainspring.data.building.case import Case
from mainspring.data.building.options import Options
from mainspring.data.building.report import Counts
from mainspring.data.building.spec import Spec
from mainspring.data.building.workshop import Workshop
from mainspring.data.cleaning import (
    Contamination,
    ExampleDuplicates,
    MeaningDuplicates,
    Piece,
    clean,
    clean_by_meaning,
    split,
)
from mainspring.data.document import Document
from mainspring.data.example import Candidate
from mainspring.data.reading import Skipped
from mainspring.data.writing import CandidateWriter, DocumentRow, write_lines
from mainspring.data.writing.folder import DOCUMENTS, TEXTS
from mainspring.memory.embedders import open_embedder

SKIPPED = "skipped.jsonl"


async def gather(
    workshop: Workshop, spec: Spec, ids: Iterable[str], skipped: Sequence[Skipped], out: Path, cleaner: "Cleaner"
) -> Counts:
    """Write the candidates, documents, texts and skipped files of a dataset.

    Args:
        workshop: Knows what was worked.
        spec: How documents were worked on.
        ids: Of the documents, in the order in which they are written.
        skipped: What was not read.
        out: The folder.
        cleaner: Cleans candidates; by its options documents are split.

    Raises:
        ConfigError: The folder cannot be written.
        JournalError: The store cannot be read.
    """
    counts, options = Counts(), cleaner.options
    rows: list[DocumentRow] = []
    pieces: list[Piece] = []
    try:
        (out / TEXTS).mkdir(parents=True, exist_ok=True)
        with CandidateWriter(out) as writer:
            for id_ in ids:
                case = await workshop.case(spec, await workshop.archive.document(id_))
                n_before = counts.acceptance.accepted
                async for worked in case.done():
                    counts.worked(worked)
                    async for candidate in cleaner.clean(worked.candidates):
                        writer.add(candidate)
                        counts.candidate(candidate)
                counts.covered(case)
                _write_text(out, case.document)
                rows.append(_row(case))
                pieces.append(Piece(id_, case.document.text, counts.acceptance.accepted - n_before))
        sides = split(pieces, share=options.validation, seed=options.seed)
        write_lines(out / DOCUMENTS, [row.model_copy(update={"split": sides[row.id]}) for row in rows])
        write_lines(out / SKIPPED, skipped)
    except OSError as error:
        says = error.strerror or error
        raise ConfigError(
            f"the dataset {str(out)!r} cannot be written: {says}; the work is kept: give it room, and run the same "
            "command again"
        ) from error
    return counts


class Cleaner:
    """Cleans the candidates of one document after the other; a duplicate of an earlier document's counts, too.

    Args:
        options: What is looked for.

    Raises:
        ConfigError: An evaluation set is wrong, or an extra is missing.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        """What is looked for."""
        self._contamination = Contamination.load(options.evaluation_sets) if options.evaluation_sets else None
        self._duplicates = ExampleDuplicates()
        self._meaning = MeaningDuplicates(open_embedder(options.embedder)) if options.embedder else None

    async def clean(self, candidates: Iterable[Candidate]) -> AsyncIterator[Candidate]:
        """Give candidates with what is objected."""
        cleaned = clean(
            candidates, duplicates=self._duplicates, contamination=self._contamination, pii=self.options.pii
        )
        if self._meaning is None:
            for candidate in cleaned:
                yield candidate
            return
        async for candidate in clean_by_meaning(cleaned, self._meaning):
            yield candidate


def _row(case: Case) -> DocumentRow:
    document, n_asked = case.document, len(case.asked)
    return DocumentRow(
        id=document.id,
        name=document.name,
        kind=document.kind,
        digest=document.digest,
        title=document.title,
        licence=document.licence,
        source=document.source,
        language=document.language,
        n_chars=len(document.text),
        n_passages=len(case.passages),
        covered=round(len(case.coverage.passages) / n_asked, 4) if n_asked else 0.0,
        headings=document.headings,
        pages=document.pages,
        notes=document.notes,
    )


def _write_text(out: Path, document: Document) -> None:
    path = out / TEXTS / f"{document.id}.txt"
    if not path.exists():
        with whole_file(path) as file:
            file.write(document.text.encode(errors="surrogatepass"))
