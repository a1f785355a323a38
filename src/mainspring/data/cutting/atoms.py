"""What a document is cut between: its sentences, each with its tokens, its headings and how bad a cut before it is.

A line that is a heading and nothing else is a sentence of its own. Headings that follow one another at once are one
heading of many lines.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mainspring.data.cutting.sentences import sentences
from mainspring.data.cutting.titles import title_lines
from mainspring.data.document import Document, Heading
from mainspring.data.passage import Sentence

Count = Callable[[str], int]
"""Counts the tokens of a text."""

DEEPEST: Final = 9
"""Headings below this level count as of this level."""
BY_LINE: Final = frozenset({"code", "csv"})
"""Kinds of documents of which each line stands for itself."""

AFTER_PARAGRAPH: Final = 0.0
AFTER_LINE: Final = 0.15
AFTER_SENTENCE: Final = 0.35
AFTER_COLON: Final = 0.6
WITHIN_CODE: Final = 0.6
AFTER_HEADING: Final = 2.0
"""How bad a cut is there: the share of a passage by which a better one may be further from where it ought to be."""

_FENCES: Final = ("```", "~~~")
_PARAGRAPH: Final = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True, slots=True)
class Atom:
    """A sentence, as the cutter sees it."""

    sentence: Sentence
    n_tokens: int
    """With the white space behind it."""
    path: tuple[str, ...]
    """Titles of the headings it stands under, the outermost first."""
    level: int
    """Of the outermost heading that begins here; 0 where none does."""
    is_heading: bool
    """Whether it is a heading and nothing else."""
    penalty: float
    """How bad a cut before it is."""


def atoms(document: Document, count: Count) -> list[Atom]:
    """Take a document apart.

    Args:
        document: The document.
        count: Counts the tokens of a text; it is given every character once at most.
    """
    text = document.text
    found = list(_sentences(document))
    behind = [*(sentence.start for sentence, _ in found[1:]), len(text)][: len(found)]
    headings = _Headings(document.headings)
    taken: list[Atom] = []
    opening, is_code = 0, False
    for (sentence, is_heading), end in zip(found, behind, strict=True):
        level = headings.enter(sentence.end)
        n_tokens = count(text[sentence.start : end])
        if level and taken and taken[-1].is_heading:
            taken[opening] = replace(taken[opening], level=min(level, taken[opening].level))
            level = 0
        elif level:
            opening = len(taken)
        penalty = _penalty(text, taken[-1], sentence.start) if taken else AFTER_PARAGRAPH
        penalty = max(penalty, WITHIN_CODE) if is_code else penalty
        is_code ^= text.startswith(_FENCES, sentence.start)
        taken.append(Atom(sentence, n_tokens, headings.path, level, is_heading, penalty))
    return taken


def _sentences(document: Document) -> Iterator[tuple[Sentence, bool]]:
    """Give the sentences of a document, and of each whether it is a heading."""
    text, by_line = document.text, document.kind in BY_LINE
    behind = 0
    for start, end in title_lines(document):
        yield from ((sentence, False) for sentence in sentences(text, behind, start, by_line=by_line))
        yield Sentence(start=start, end=end), True
        behind = end
    yield from ((sentence, False) for sentence in sentences(text, behind, by_line=by_line))


def _penalty(text: str, before: Atom, start: int) -> float:
    if before.is_heading:
        return AFTER_HEADING
    end = before.sentence.end
    if text[end - 1] in ":：":
        return AFTER_COLON
    blank = text[end:start]
    if _PARAGRAPH.search(blank):
        return AFTER_PARAGRAPH
    return AFTER_LINE if "\n" in blank else AFTER_SENTENCE


class _Headings:
    """The headings that a place stands under, as one goes through the text."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._ahead = iter(headings)
        self._next = next(self._ahead, None)
        self._open: list[Heading] = []
        self.path: tuple[str, ...] = ()

    def enter(self, offset: int) -> int:
        """Go on to an offset, and give the level of the outermost heading on the way; 0 where there was none."""
        levels: list[int] = []
        while self._next is not None and self._next.start < offset:
            heading, self._next = self._next, next(self._ahead, None)
            self._open = [*(above for above in self._open if above.level < heading.level), heading]
            levels.append(max(1, min(heading.level, DEEPEST)))
        if levels:
            self.path = tuple(above.title for above in self._open)
        return min(levels, default=0)
