"""Printed pages: from lines that stand somewhere on paper to paragraphs, without what only paper needs."""

from mainspring.data.reading.pages.furniture import without_furniture
from mainspring.data.reading.pages.hyphens import joined
from mainspring.data.reading.pages.line import Line, lines_of
from mainspring.data.reading.pages.outline import Entry, outline_of, placed
from mainspring.data.reading.pages.paragraphs import compose_pages

__all__ = ["Entry", "Line", "compose_pages", "joined", "lines_of", "outline_of", "placed", "without_furniture"]
