"""Which lines of a text belong together: stretches that no sentence leaves.

A sentence may go over the end of a line, where a text was wrapped. It never goes over a blank line, out of a list
item, a heading, a table row or a line of code, nor from a line that was broken early into one that begins anew.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple


class Stretch(NamedTuple):
    """A part of a text."""

    start: int
    end: int
    """Behind its last character."""
    is_line: bool = False
    """Whether it is a line that is a sentence, whatever marks are in it."""


Line = tuple[int, int]
"""Offsets of the first character and behind the last one."""

_FENCE: Final = re.compile(r"[ ]{0,3}(?:```|~~~)")
_ALONE: Final = re.compile(
    r"""
    [ ]{0,3}\#{1,6}[ ]              # a heading
  | [ ]{0,3}\|                      # a table row
  | \s*(?:[-=*_~]\s?){3,}\s*$       # a rule
  | [ ]{4,}\S.*(?:[{};]\s*$|[=(]\S|::|->)   # a line of code
    """,
    re.VERBOSE,
)
_BULLET: Final = re.compile(r"\s*(?:[-*+•–—‣◦▪●○·]|\(?[a-z]\)|\(\d{1,3}\)|\d{1,3}\))\s+\S")
_NUMBER: Final = re.compile(r"\s*\d{1,3}(?:\.\d{1,3}){0,3}\.?\s+\S")
_FINISHED: Final = (".", ":", ";", "!", "?", "…", "”", '"', ")", "»")
_EARLY: Final = 0.75
"""A line that leaves a quarter of the width free, though the next word has room there, was broken on purpose."""


def stretches(text: str, start: int, end: int, *, by_line: bool) -> Iterator[Stretch]:
    """Give the stretches of a text, in order; what is between them is white space.

    Args:
        text: The text.
        start: Where to begin.
        end: Behind the last character.
        by_line: Each line is a stretch of its own, as in code.
    """
    paragraph: list[Line] = []
    is_fenced = False
    for line in _lines(text, start, end):
        words = text[line[0] : line[1]]
        is_blank = not words or words.isspace()
        is_fence = not is_blank and _FENCE.match(words) is not None
        is_alone = by_line or is_fenced or is_fence or _is_alone(words)
        if is_blank or is_alone or _opens_item(text, paragraph, words):
            yield from _paragraph(text, paragraph)
            paragraph = []
        if is_fence:
            is_fenced = not is_fenced
        if is_alone and not is_blank:
            yield Stretch(*line, is_line=True)
        elif not is_blank:
            paragraph.append(line)
    yield from _paragraph(text, paragraph)


def _lines(text: str, start: int, end: int) -> Iterator[Line]:
    while start < end:
        newline = text.find("\n", start, end)
        stop = end if newline < 0 else newline
        yield start, stop
        start = stop + 1


def _is_alone(words: str) -> bool:
    return " | " in words or words.count("|") >= 2 or "\t" in words.strip() or _ALONE.match(words) is not None


def _opens_item(text: str, paragraph: list[Line], words: str) -> bool:
    """Tell whether a line begins a list item or a numbered heading, rather than going on with a sentence."""
    if _BULLET.match(words):
        return True
    if not paragraph or not _NUMBER.match(words):
        return False
    first, last = paragraph[0], paragraph[-1]
    if _NUMBER.match(text, *first) or _BULLET.match(text, *first):
        return True
    return text[slice(*last)].rstrip().endswith(_FINISHED)


def _paragraph(text: str, lines: list[Line]) -> Iterator[Stretch]:
    """Give the stretches of wrapped lines: one, unless lines were broken early."""
    if not lines:
        return
    width = max(stop - start for start, stop in lines)
    first = lines[0][0]
    for (start, stop), (next_start, next_stop) in pairwise(lines):
        begins = text[next_start:next_stop].lstrip()
        has_room = stop - start + 1 + len(begins.split(maxsplit=1)[0]) <= _EARLY * width
        if has_room and not begins[0].islower() and text[stop - 1] != ",":
            yield Stretch(first, stop)
            first = next_start
    yield Stretch(first, lines[-1][1])
