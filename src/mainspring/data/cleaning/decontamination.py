"""Whether an example gives away what a model will be examined with.

Three signs, the surest first: an equal question; 13 words in a row, in question or answer, that a task has in its
own (8 where its text is shorter than 13); a question that is a near duplicate. Runs of 13 words and the floor of 8
are those of GPT-3's evaluation (Brown et al. 2020, arXiv:2005.14165, appendix C).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final, Literal

from mainspring.core.errors import ConfigError
from mainspring.data.cleaning.duplicates import Duplicates
from mainspring.data.cleaning.evaluation_sets import BrokenLine, Item, read_items
from mainspring.data.cleaning.shingles import normalised, words

RUN_WORDS: Final = 13
SHORT_RUN_WORDS: Final = 8
SIMILAR: Final = 0.8
"""Below this a question of the same form about something else may be meant."""
_SHOWN_BROKEN: Final = 3

Sign = Literal["question", "words", "similar"]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What an example has in common with a task of an evaluation set."""

    set: str
    """Name of the set's file."""
    line: int
    """The task's line there, from 1."""
    sign: Sign
    """An equal question, a run of words, or a similar question."""
    words: str
    """The words in common; for a similar question those of the task."""
    similarity: float = 1.0
    """Jaccard similarity of the questions where they are similar."""

    @property
    def says(self) -> str:
        """What is wrong, in a sentence."""
        where = f"line {self.line} of the evaluation set {self.set!r}"
        match self.sign:
            case "question":
                return f"asks the question of {where}"
            case "words":
                return f"shares {len(words(self.words))} words in a row with {where}: {self.words!r}"
            case "similar":
                return f"asks nearly the question of {where} (similarity {self.similarity:.2f}): {self.words!r}"


class Contamination:
    """Finds examples that share words or a question with evaluation sets.

    Args:
        items: The tasks.
        broken: Lines of the sets that could not be read, for a report.
        threshold: The least Jaccard similarity of a similar question.

    Raises:
        ConfigError: The threshold is no similarity, or the `data` extra is not installed.
    """

    def __init__(
        self, items: Iterable[Item], *, broken: Sequence[BrokenLine] = (), threshold: float = SIMILAR
    ) -> None:
        self.broken = tuple(broken)
        self._items: list[Item] = []
        self._questions: dict[str, Item] = {}
        self._texts: list[tuple[int, str]] = []
        self._runs: dict[int, int] = {}
        self._similar = Duplicates(threshold)
        for item in items:
            self._add(item)

    @classmethod
    def load(cls, paths: Sequence[str | PathLike[str]], *, threshold: float = SIMILAR) -> "Contamination":
        """Read evaluation sets; their broken lines are kept apart.

        Raises:
            ConfigError: A set is missing, empty or without a line that could be read.
        """
        items: list[Item] = []
        broken: list[BrokenLine] = []
        for path in map(Path, paths):
            read = list(read_items(path))
            usable = [item for item in read if isinstance(item, Item)]
            unusable = [item for item in read if isinstance(item, BrokenLine)]
            if not usable:
                told = "; ".join(f"line {line.line}: {line.says}" for line in unusable[:_SHOWN_BROKEN])
                raise ConfigError(
                    f"evaluation set {str(path)!r} holds no task ({told or 'it is empty'}); mend it or leave it out"
                )
            items += usable
            broken += unusable
        return cls(items, broken=broken, threshold=threshold)

    def __len__(self) -> int:
        """Give the number of tasks."""
        return len(self._items)

    def found(self, question: str, answer: str) -> Overlap | None:
        """Give the surest sign that a task is given away, if there is any."""
        return self._asked(question) or self._shared(question) or self._shared(answer) or self._like(question)

    def _add(self, item: Item) -> None:
        place = len(self._items)
        self._items.append(item)
        for number, question in enumerate(item.questions):
            if asked := normalised(question):
                self._questions.setdefault(asked, item)
                self._similar.add(f"{place}:{number}", question)
        for text in (*item.questions, *item.answers):
            known = words(text)
            n_words = RUN_WORDS if len(known) >= RUN_WORDS else SHORT_RUN_WORDS
            for run in _runs(known, n_words):
                self._runs.setdefault(hash(run), len(self._texts))
            self._texts.append((place, f" {' '.join(known)} "))

    def _asked(self, question: str) -> Overlap | None:
        if item := self._questions.get(normalised(question)):
            return Overlap(item.set, item.line, "question", question)
        return None

    def _shared(self, text: str) -> Overlap | None:
        known = words(text)
        for n_words in (RUN_WORDS, SHORT_RUN_WORDS):
            for run in _runs(known, n_words):
                if (number := self._runs.get(hash(run))) is None:
                    continue
                place, task = self._texts[number]
                if f" {run} " in task:  # a hash may be that of another run
                    return Overlap(self._items[place].set, self._items[place].line, "words", run)
        return None

    def _like(self, question: str) -> Overlap | None:
        if (match := self._similar.find(question)) is None:
            return None
        place, _, number = match.id.partition(":")
        item = self._items[int(place)]
        return Overlap(item.set, item.line, "similar", item.questions[int(number)], match.similarity)


def _runs(known: Sequence[str], n_words: int) -> Iterator[str]:
    """Give each run of so many words."""
    for start in range(len(known) - n_words + 1):
        yield " ".join(known[start : start + n_words])
