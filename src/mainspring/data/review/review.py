"""A dataset while a person looks at it: what there is to see of it, and what is decided.

Everything here blocks, and may be called from several threads.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from mainspring.core import Clock, SystemClock
from mainspring.core.errors import ConfigError
from mainspring.data.example import Candidate, Objection, Span
from mainspring.data.review.checking import objections_to
from mainspring.data.review.decisions import Decisions, Wish, standing
from mainspring.data.review.filters import UNDECIDED, Filter
from mainspring.data.review.index import Counts, Index, Rows
from mainspring.data.review.sources import Excerpt, Texts, excerpts, misquoted
from mainspring.data.writing import (
    Dataset,
    Decision,
    DocumentRow,
    JudgeRates,
    read_dataset,
    read_documents,
    read_report,
    write_dataset,
)
from mainspring.data.writing.folder import CANDIDATES, DECISIONS, TEXTS

MAX_TEXT_CHARS: Final = 20_000
"""What is given at once of a document's text."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the looking is."""

    name: str
    """The folder's."""
    n_examples: int
    n_looked_at: int
    counts: Counts
    documents: dict[str, str]
    """Id to name."""
    is_stale: bool
    """Whether something was decided since the dataset was written."""
    judge: JudgeRates | None
    """How the judge did on examples whose worth was known; None where that was not measured."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An example with everything a person may want to know of it."""

    id: str
    place: int
    candidate: Candidate
    decision: Decision | None
    document: DocumentRow | None
    excerpts: list[Excerpt]
    names: dict[str, str]
    """Of the documents that are cited: id to name."""
    misquoted: list[Span]
    """Spans that are not what their document says there."""


class Review:
    """A person's look at one dataset.

    Args:
        folder: Where the dataset lies.
        clock: Tells when something is decided.

    Raises:
        ConfigError: There is no dataset, or nothing in it.
        DocumentError: A file of it is broken.
    """

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        _check(folder)
        self.folder = folder
        self._writing = threading.Lock()
        self._clock = clock or SystemClock()
        self._decisions = Decisions(folder / DECISIONS)
        self._texts = Texts(folder / TEXTS)
        self._documents = read_documents(folder)
        self._judge = read_report(folder).judge
        self._index = Index(folder / CANDIDATES)
        try:
            _check_content(folder, self._index)
            self._catch_up()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._index.close()

    @property
    def standing(self) -> Standing:
        """How far the looking is."""
        self._catch_up()
        counts, n = self._index.counts, len(self._index)
        names = {document: self._name(document) for document in counts.document}
        name = self.folder.resolve().name
        n_looked_at = n - counts.decision[UNDECIDED]
        return Standing(name, n, n_looked_at, counts, names, self.is_stale, self._judge)

    @property
    def is_stale(self) -> bool:
        """Whether something was decided since the dataset was written."""
        written = read_dataset(self.folder)
        return self._decisions.digest != ("" if written is None else written.inputs.get(DECISIONS, ""))

    def rows(self, wanted: Filter, n: int, *, after: str = "", before: str = "", first: str = "") -> Rows:
        """Give the next examples that match, in the order of the build.

        Args:
            wanted: What they must be like.
            n: How many at most.
            after: Id of the example that they stand behind.
            before: Rather the last ones before the example of this id.
            first: Rather the example of this id, where it matches, and what stands behind it.
        """
        self._catch_up()
        if before and (place := self._index.place(before)) is not None:
            return self._index.rows(wanted, n, before=place)
        behind = self._index.place(first or after) or 0
        return self._index.rows(wanted, n, after=behind - 1 if first else behind)

    def example(self, example: str) -> Shown | None:
        """Give everything of an example; None where there is none of that id."""
        self._catch_up()
        candidate, place = self._index.candidate(example), self._index.place(example)
        if candidate is None or place is None:
            return None
        decision, spans = self._decisions.of(example), candidate.example.spans
        return Shown(
            id=example,
            place=place,
            candidate=candidate,
            decision=None if standing(decision) == UNDECIDED else decision,
            document=self._documents.get(candidate.example.document),
            excerpts=excerpts(spans, self._texts),
            names={span.document: self._name(span.document) for span in spans},
            misquoted=misquoted(spans, self._texts),
        )

    def text(self, document: str, start: int, end: int) -> str | None:
        """Give a document's text between two offsets, at most `MAX_TEXT_CHARS`; None where there is none."""
        text = self._texts.text(document)
        start = max(0, start)
        return None if text is None else text[start : min(end, start + MAX_TEXT_CHARS)]

    def decide(self, example: str, wish: Wish) -> Decision | None:
        """Keep a decision durably; None where there is no example of that id.

        Raises:
            ConfigError: An edit has no words.
            OSError: It could not be written.
        """
        candidate = self._index.candidate(example)
        if candidate is None:
            return None
        if wish.action == "edit" and not (wish.question.strip() and wish.answer.strip()):
            raise ConfigError("a question and an answer need words; to leave the example out, drop it")
        decision = wish.decided(candidate, self._clock)
        self._decisions.append(decision)
        self._catch_up()
        return decision

    def objections(self, example: str, wish: Wish) -> tuple[Objection, ...]:
        """Say what the checks object to in words that a person wrote; nothing where that cannot be told."""
        candidate = self._index.candidate(example)
        if candidate is None:
            return ()
        edited = candidate.example.model_copy(update={"question": wish.question, "answer": wish.answer})
        return objections_to(edited, self._documents.get(edited.document), self._texts)

    def write(self) -> Dataset:
        """Write the rows of the dataset anew by what was decided, in the form that it has.

        Raises:
            ConfigError: They could not be written; the dataset is as it was.
        """
        with self._writing:
            return write_dataset(self.folder)

    def _name(self, document: str) -> str:
        row = self._documents.get(document)
        return row.name if row is not None else document[:12]

    def _catch_up(self) -> None:
        for decision in self._decisions.unread():
            candidate = self._index.candidate(decision.id)
            if candidate is None:
                continue
            words = candidate.example
            is_edit = decision.action == "edit"
            question = decision.question if is_edit and decision.question is not None else words.question
            answer = decision.answer if is_edit and decision.answer is not None else words.answer
            self._index.decide(decision.id, standing(decision), question, answer)


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {str(folder)!r}")
    if not (folder / CANDIDATES).is_file():
        raise ConfigError(
            f"{str(folder)!r} is no dataset, or is not ready: it has no {CANDIDATES}; "
            "make one with `mainspring data build DOCUMENTS --out FOLDER`"
        )


def _check_content(folder: Path, index: Index) -> None:
    if not len(index):
        raise ConfigError(f"there is nothing to look at in {str(folder)!r}: its {CANDIDATES} is empty")
