"""Words that were parted at the ends of lines and of pages, joined again.

Whether a hyphen belongs to the word cannot be seen; the other words of the same document are asked.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from mainspring.data.reading.pages.line import HYPHENS, Line

_PARTED: Final = re.compile(rf"(?P<head>\w*)[{HYPHENS}]\s*(?P<tail>\w*)")
_WORD: Final = re.compile(r"\w+(?:-\w+)*")
_PARTED_AT_END: Final = re.compile(r"\w[-\u2010\xad]$")


def joined(pages: Sequence[list[Line]]) -> None:
    """Join parted words, within lines and from one page to the next; the lines are changed in place."""
    _join_over_pages(pages)
    lines = [line for page in pages for line in page]
    if not any(mark in line.text for line in lines for mark in HYPHENS):
        return
    known = {word.casefold() for line in lines for word in _WORD.findall(line.text)}
    for line in lines:
        line.text = _PARTED.sub(lambda match: _whole(match["head"], match["tail"], known), line.text)


def _join_over_pages(pages: Sequence[list[Line]]) -> None:
    """Give the rest of a word that a page parts to that page."""
    filled = [page for page in pages if page]
    for page, following in pairwise(filled):
        last, first = page[-1], following[0]
        if not (_PARTED_AT_END.search(last.text) and first.text[0].islower()):
            continue
        tail, _, rest = first.text.partition(" ")
        if rest:
            last.text = last.text[:-1] + HYPHENS[0] + tail
            first.text = rest


def _whole(head: str, tail: str, known: set[str]) -> str:
    if not head or not tail:
        return head + tail
    with_hyphen, without = f"{head}-{tail}", head + tail
    if not tail[0].islower():
        return with_hyphen
    is_compound = with_hyphen.casefold() in known and without.casefold() not in known
    return with_hyphen if is_compound else without
