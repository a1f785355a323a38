"""What stands on every page and says nothing: running heads, running feet, page numbers.

A line at the edge of a page is one of them if it stands at the same height on several pages with the same words,
numbers apart.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from mainspring.data.reading.pages.line import Line

_EDGE_LINES: Final = 2
"""So many lines at the top of a page, and as many at its foot, may be furniture."""
_PAGES_AT_LEAST: Final = 3
_NUMBERED_PAGES_AT_LEAST: Final = 2
"""For a line that is nothing but a number."""
_POINTS: Final = 3.0
"""Heights within so many points are the same."""
_NUMBER: Final = re.compile(r"\d+|\b[ivxlc]+\b")
_ENDS_IN_NUMBER: Final = re.compile(r"^(?:\d+|[ivxlc]+)\b|\b(?:\d+|[ivxlc]+)$")

Key = tuple[str, int]


def without_furniture(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Give the lines of all pages without running heads, running feet and page numbers."""
    counts = Counter(key for page in pages for key in {_key(page[place]) for place in _edges(page)})
    known = {key for key, n_pages in counts.items() if n_pages >= _needed(key)}
    heights = Counter(height for key, height in known for _ in range(counts[key, height]))
    usual = {height for height, n_pages in heights.items() if n_pages >= _PAGES_AT_LEAST}
    return [_kept(page, known, usual) for page in pages]


def _kept(page: Sequence[Line], known: set[Key], usual: set[int]) -> list[Line]:
    dropped: set[int] = set()
    for place in _edges(page):
        key = _key(page[place])
        # The head of a short chapter may stand on one page only, but it stands where heads do, with its number.
        is_numbered = key[1] in usual and _ENDS_IN_NUMBER.search(page[place].text) is not None
        if key in known or is_numbered:
            dropped.add(place)
    return [line for place, line in enumerate(page) if place not in dropped]


def _edges(page: Sequence[Line]) -> Iterator[int]:
    n_lines = len(page)
    yield from range(min(_EDGE_LINES, n_lines))
    yield from range(max(_EDGE_LINES, n_lines - _EDGE_LINES), n_lines)


def _key(line: Line) -> Key:
    return _NUMBER.sub("#", line.text.casefold()), round(line.top / _POINTS)


def _needed(key: Key) -> int:
    return _NUMBERED_PAGES_AT_LEAST if key[0].strip("- –—|#./[]()") in {"", "page", "seite"} else _PAGES_AT_LEAST
