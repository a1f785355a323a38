"""Lines on pages into paragraphs and headings of one text.

Lines that fill their column go on in the next line; a line that ends early, a wide gap, other letters or a bullet
begin something else. Where the file has an outline, that says what the headings are; else larger letters do.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from mainspring.data.reading.composing import LINE, PARAGRAPH, Composer
from mainspring.data.reading.pages.line import Line
from mainspring.data.reading.pages.outline import Entry, placed

_LARGER: Final = 1.15
"""Letters of a heading, as a multiple of those of most text."""
_HEADING_CHARS: Final = 150
_HEADING_LEVELS: Final = 4
_WIDE_GAP: Final = 1.35
"""Distance of two lines, as a multiple of the usual, from which on a paragraph ends."""
_FULL: Final = 0.86
"""A line that reaches so far through its column goes on in the next."""
_NEIGHBOURS: Final = 6
_SENTENCE_END: Final = (".", "!", "?", ":", ".”", '."', ".)", "。")
_BULLET: Final = re.compile(r"^(?:[•◦▪■●○‣⁃∙·–—*-]|\(?(?:\d{1,3}|[a-z])[.)])\s")

Place = tuple[int, int]
"""Page and line, both from 0."""


def compose_pages(pages: Sequence[Sequence[Line]], outline: Sequence[Entry], composer: Composer) -> None:
    """Add the text of pages to a document."""
    headings = _from_outline(pages, outline) if outline else {}
    headings = headings or _by_size(pages)
    last: Line | None = None
    for number, page in enumerate(pages):
        composer.page()
        place = 0
        gaps = _gaps(page)
        while place < len(page):
            if (number, place) in headings:
                level, title, n_lines = headings[number, place]
                composer.heading(title, level)
                last, place = None, place + n_lines
                continue
            end = place + 1
            while end < len(page) and (number, end) not in headings and gaps[end] == " ":
                end += 1
            words = " ".join(line.text for line in page[place:end])
            composer.add(words, _gap_before(page, place, last, gaps))
            last, place = page[end - 1], end


def _gap_before(page: Sequence[Line], place: int, last: Line | None, gaps: Sequence[str]) -> str:
    if last is None:
        return PARAGRAPH
    if place == 0:  # The last line stands on a page before this one.
        return " " if _goes_on(last, page[0]) else PARAGRAPH
    return gaps[place]


def _goes_on(last: Line, line: Line) -> bool:
    """Whether a sentence goes on in a line at another place of the paper."""
    return not last.text.endswith(_SENTENCE_END) and line.text[0].islower() and last.size == line.size


def _gaps(page: Sequence[Line]) -> list[str]:
    """Say what stands between each line of a page and the one before it."""
    steps = [above.bottom - line.top for above, line in pairwise(page)]
    usual = median([step for step in steps if 0 < step < 40] or [12.0])
    return [PARAGRAPH, *(_gap(page, place, step, usual) for place, step in enumerate(steps, start=1))]


def _gap(page: Sequence[Line], place: int, step: float, usual: float) -> str:
    above, line = page[place - 1], page[place]
    if abs(step) < 0.3 * line.size and line.left > above.right:
        return " "  # Parts of one row.
    if step <= 0:
        return " " if _goes_on(above, line) else PARAGRAPH  # The next column.
    if step > _WIDE_GAP * usual or abs(above.size - line.size) > 0.1 * above.size:
        return PARAGRAPH
    if _BULLET.match(line.text):
        return LINE
    ends = above.text.endswith(_SENTENCE_END)
    if ends and line.left > above.left + 0.8 * line.size:
        return PARAGRAPH  # The first line of a paragraph is indented.
    if _is_full(page, place - 1):
        return " "
    return PARAGRAPH if ends and line.text[0].isupper() else LINE


def _is_full(page: Sequence[Line], place: int) -> bool:
    """Whether a line reaches to the right edge of its column."""
    line = page[place]
    near = page[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS + 1]
    edge = max(one.right for one in near if abs(one.left - line.left) < 6 * max(line.size, 1.0))
    width = edge - line.left
    return width > 16 * line.size and line.right - line.left >= _FULL * width


def _from_outline(pages: Sequence[Sequence[Line]], outline: Sequence[Entry]) -> dict[Place, tuple[int, str, int]]:
    found = placed(outline, pages)
    return {
        place: (entry.level, _words(pages, place, n_lines), n_lines) for place, (entry, n_lines) in found.items()
    }


def _by_size(pages: Sequence[Sequence[Line]]) -> dict[Place, tuple[int, str, int]]:
    """Find the lines in larger letters than most; lines that follow each other in the same size are one heading."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[line.size] += len(line.text)
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = {size for size in sizes if size >= _LARGER * usual and size - usual >= 1}
    levels = {size: min(rank, _HEADING_LEVELS) for rank, size in enumerate(sorted(larger, reverse=True), start=1)}
    headings: dict[Place, tuple[int, str, int]] = {}
    for number, page in enumerate(pages):
        place = 0
        while place < len(page):
            end = place + 1
            while end < len(page) and page[end].size == page[place].size and page[place].size in levels:
                end += 1
            title = _words(pages, (number, place), end - place)
            if page[place].size in levels and len(title) <= _HEADING_CHARS and any(map(str.isalpha, title)):
                headings[number, place] = (levels[page[place].size], title, end - place)
            place = end
    return headings


def _words(pages: Sequence[Sequence[Line]], place: Place, n_lines: int) -> str:
    number, first = place
    return " ".join(line.text for line in pages[number][first : first + n_lines])
