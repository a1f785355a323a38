"""The sentences of a text, by their offsets.

Every character that is not blank belongs to exactly one sentence, and between two sentences there is nothing but
white space. No model and no library is asked: marks, abbreviations and lines decide (`stops.py`, `lines.py`).
"""

import re
from collections.abc import Iterator
from typing import Final

from mainspring.data.cutting.lines import Line, stretches
from mainspring.data.cutting.stops import ends_sentence
from mainspring.data.passage import Sentence

MAX_SENTENCE_CHARS: Final = 1200
"""A longer one is cut at a clause, else at a blank."""

_MARK: Final = re.compile(
    r"""
    (?P<wide>[。！？｡]+[」』”’）】》〉]*)                               # ends a sentence wherever it stands
  | (?<![.!?…؟۔।॥])(?P<mark>[.!?…؟۔।॥]+)
    (?P<closed>(?:["'”’“»«)\]›*_]|[\ \u00a0\u202f]»|\[\d{1,3}\])*)
    (?=\s)
    """,
    re.VERBOSE,
)
_CLAUSE: Final = re.compile(r"[;:,–—](?=\s)|[，、；：]")
_BLANK: Final = re.compile(r"\s+")
_UNSPACED: Final = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
_BREAK: Final = re.compile(rf"\s+|(?<={_UNSPACED})(?={_UNSPACED})")


def sentences(text: str, start: int = 0, end: int | None = None, *, by_line: bool = False) -> list[Sentence]:
    """Find the sentences of a text.

    Args:
        text: The text.
        start: Offset to begin at.
        end: Offset behind the last character; the end of the text where it is None.
        by_line: Each line is a sentence, as in source code.
    """
    found: list[Sentence] = []
    stop = len(text) if end is None else end
    for stretch in stretches(text, start, stop, by_line=by_line):
        ends = (stretch.end,) if stretch.is_line else _ends(text, stretch.start, stretch.end)
        first = stretch.start
        for last in ends:
            found.extend(Sentence(start=a, end=b) for a, b in _bounded(text, *_trimmed(text, first, last)))
            first = last
    return found


def _ends(text: str, start: int, end: int) -> Iterator[int]:
    """Give the places behind the marks that end a sentence, and the end."""
    first = start
    for match in _MARK.finditer(text, start, end):
        blank = _BLANK.match(text, match.end(), end)
        behind = blank.end() if blank else match.end()
        if behind < end and _is_end(text, first, match, behind, end):
            yield match.end()
            first = behind
    yield end


def _is_end(text: str, first: int, match: re.Match[str], behind: int, end: int) -> bool:
    mark = match["mark"]
    if mark is None:
        return True
    if mark == "." and not match["closed"]:
        return ends_sentence(text, first, match.start(), behind, end)
    return not text[behind].islower()


def _trimmed(text: str, start: int, end: int) -> Line:
    words = text[start:end]
    return start + len(words) - len(words.lstrip()), start + len(words.rstrip())


def _bounded(text: str, start: int, end: int) -> Iterator[Line]:
    """Cut what is too long for a sentence."""
    while end - start > MAX_SENTENCE_CHARS:
        cut = _cut(text, start, end)
        if cut is None:
            break
        yield _trimmed(text, start, cut)
        blank = _BLANK.match(text, cut, end)
        start = blank.end() if blank else cut
    if start < end:
        yield start, end


def _cut(text: str, start: int, end: int) -> int | None:
    """Find where to cut: behind the last clause that fits, else behind the last word that does, else the first."""
    bound = start + MAX_SENTENCE_CHARS
    for mark, least in (_CLAUSE, MAX_SENTENCE_CHARS // 2), (_BREAK, 1):
        fits = [match.end() for match in mark.finditer(text, start + least, bound)]
        if fits:
            return fits[-1]
    match = _BREAK.search(text, bound, end)
    return match.end() if match else None
