"""The outline of a PDF (its bookmarks), and which line of the text each entry means."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from mainspring.data.reading.pages.line import Line
from mainspring.data.reading.tidy import one_line

_ENTRIES_AT_MOST: Final = 10_000
_NO_LETTER: Final = re.compile(r"[\W_]+")
_MERGED_LINES: Final = 3
"""A heading takes so many lines at most."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the outline."""

    title: str
    level: int
    """1 for the outermost."""
    page: int
    """From 0."""
    height: float | None
    """Where on the page it points to, in points from the lower edge; None where it does not say."""


def outline_of(pdf: Any) -> list[Entry]:
    """Give the outline of a document of pypdfium2, empty where there is none."""
    return list(islice(_entries(pdf), _ENTRIES_AT_MOST))


def _entries(pdf: Any) -> Iterator[Entry]:
    for bookmark in pdf.get_toc():
        target = bookmark.get_dest()
        page = None if target is None else target.get_index()
        title = one_line(bookmark.get_title())
        if target is None or page is None or not title:
            continue
        _, view = target.get_view()
        yield Entry(title, bookmark.level + 1, page, view[1] if len(view) > 1 else None)


def placed(entries: Sequence[Entry], pages: Sequence[Sequence[Line]]) -> dict[tuple[int, int], tuple[Entry, int]]:
    """Find the lines that the entries mean.

    Returns:
        Page and line, from 0, to the entry and the number of lines its title takes; entries whose title does not
        stand where they point to are left out.
    """
    found: dict[tuple[int, int], tuple[Entry, int]] = {}
    for entry in entries:
        if entry.page >= len(pages):
            continue
        page = pages[entry.page]
        places = [place for place in range(len(page)) if (entry.page, place) not in found]
        matches = [(place, n_lines) for place in places if (n_lines := _is_at(entry, page, place))]
        if matches:
            height = entry.height
            nearest = min(matches, key=lambda match: 0.0 if height is None else abs(page[match[0]].top - height))
            found[entry.page, nearest[0]] = (entry, nearest[1])
    return found


def _is_at(entry: Entry, page: Sequence[Line], place: int) -> int:
    """Give how many lines from a place on are an entry's title, with or without its number; 0 if they are not."""
    wanted = _letters(entry.title)
    words = ""
    for n_lines, line in enumerate(page[place : place + _MERGED_LINES], start=1):
        words += _letters(line.text)
        if wanted and words.endswith(wanted) and len(words) - len(wanted) <= 8:
            return n_lines
        if len(words) > len(wanted) + 8:
            return 0
    return 0


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text).casefold()
