"""Texts and examples that say what an earlier one said.

    like     = signatures that agree (`near.py`): few, some of them wrong
    verified = the exact Jaccard similarity of their pieces of five characters

Texts come one at a time and the earlier one wins: what is a duplicate is not kept, so nothing is ever a duplicate
of something that was refused itself. Kept texts are held as normalised words, an eighth of what the hashes of their
pieces would take, and cut into pieces again where they are looked at. One of forty words takes about 3.5 kB,
signature and bands included.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mainspring.data.cleaning.near import Signature, Signatures, check_threshold
from mainspring.data.cleaning.shingles import char_shingles, jaccard, normalised, telling

THRESHOLD: Final = 0.7
_UNSURE: Final = 0.15
"""An estimate is off by less than this: its standard deviation at 0.7 is 0.04."""
_MOST_LOOKED_AT: Final = 64
"""Of thousands of texts of one form (`What is the population of ...?`) those of the best estimates are verified."""


@dataclass(frozen=True, slots=True)
class Match:
    """The earlier text that one is a duplicate of."""

    id: str
    similarity: float
    """Jaccard similarity of the pieces, or the cosine where meaning was compared; 1.0 for equal ones."""
    same_question: bool = False
    """Whether the questions are equal but for case, punctuation and white space."""


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A text, ready to be compared."""

    text: str
    shingles: frozenset[str]
    signature: Signature


class _Texts:
    """Normalised texts by their places."""

    def __init__(self, threshold: float) -> None:
        check_threshold(threshold)
        self._threshold = threshold
        self._signatures = Signatures()
        self._texts: list[str] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def sketch(self, text: str) -> _Sketch:
        compared = normalised(text)
        shingles = char_shingles(compared)
        return _Sketch(compared, shingles, self._signatures.of(shingles))

    def add(self, sketch: _Sketch) -> None:
        place = self._signatures.add(sketch.signature)
        self._texts.append(sketch.text)
        self._places.setdefault(sketch.text, place)

    def equal(self, text: str) -> int | None:
        return self._places.get(text)

    def like(self, sketch: _Sketch, fits: Callable[[int], bool] | None = None) -> list[int]:
        """Give the places of texts that may be similar enough, the likeliest first."""
        least = self._threshold - _UNSURE
        return self._signatures.like(sketch.signature, least, most=_MOST_LOOKED_AT, fits=fits)

    def similarity(self, sketch: _Sketch, place: int) -> float:
        """Give the similarity to the text at a place; 0.0 where it is too low."""
        exact = jaccard(sketch.shingles, char_shingles(self._texts[place]))
        return exact if exact >= self._threshold else 0.0


class Duplicates:
    """Finds texts that equal an earlier one, or nearly so.

    Args:
        threshold: The least Jaccard similarity of a near duplicate, of pieces of five characters.

    Raises:
        ConfigError: The threshold is no similarity, or the `data` extra is not installed.
    """

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self._texts = _Texts(threshold)
        self._ids: list[str] = []

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, id: str, text: str) -> Match | None:  # noqa: A002 - it is what a caller calls it
        """Give what a text is a duplicate of; keep it where it is none."""
        sketch = self._texts.sketch(text)
        if match := self._match(sketch):
            return match
        self._texts.add(sketch)
        self._ids.append(id)
        return None

    def find(self, text: str) -> Match | None:
        """Give what a text is a duplicate of, and keep nothing."""
        return self._match(self._texts.sketch(text))

    def _match(self, sketch: _Sketch) -> Match | None:
        if (place := self._texts.equal(sketch.text)) is not None:
            return Match(self._ids[place], 1.0)
        similarities = {place: self._texts.similarity(sketch, place) for place in self._texts.like(sketch)}
        best = min(similarities, key=lambda place: (-similarities[place], place), default=None)
        return None if best is None or not similarities[best] else Match(self._ids[best], similarities[best])


class ExampleDuplicates:
    """Finds examples that teach what an earlier one taught.

    * Equal questions are duplicates whatever is answered: of two answers to one question a model learns neither.
    * Near questions are duplicates only if the answers are near, too, and numbers and names in them are the same.
      `What was earned in 2023?` and `... in 2024?` differ in one character and are two facts.
    * Near answers to other questions are none: one fact asked for in several ways is learnt better.

    Args:
        threshold: The least Jaccard similarity of near questions and of near answers.

    Raises:
        ConfigError: The threshold is no similarity, or the `data` extra is not installed.
    """

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self._threshold = threshold
        self._questions = _Texts(threshold)
        self._answers: list[str] = []
        self._told_apart_by = array("q")
        self._ids: list[str] = []

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, id: str, question: str, answer: str) -> Match | None:  # noqa: A002 - as in `Duplicates`
        """Give what an example is a duplicate of; keep it where it is none."""
        asked = self._questions.sketch(question)
        said = normalised(answer)
        told_apart_by = hash(telling(question) | telling(answer))
        if match := self._match(asked, said, told_apart_by):
            return match
        self._questions.add(asked)
        self._answers.append(said)
        self._told_apart_by.append(told_apart_by)
        self._ids.append(id)
        return None

    def _match(self, asked: _Sketch, said: str, told_apart_by: int) -> Match | None:
        if (place := self._questions.equal(asked.text)) is not None:
            return Match(self._ids[place], 1.0, same_question=True)
        pieces: frozenset[str] | None = None
        for place in self._questions.like(asked, lambda place: self._told_apart_by[place] == told_apart_by):
            pieces = pieces or char_shingles(said)
            of_answers = jaccard(pieces, char_shingles(self._answers[place]))
            if of_answers >= self._threshold and (of_questions := self._questions.similarity(asked, place)):
                return Match(self._ids[place], min(of_questions, of_answers))
        return None
