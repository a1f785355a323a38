"""The lines of a page as PDFium orders them, each with where it stands and how large its letters are."""

import ctypes
from dataclasses import dataclass
from typing import Any, Final

HYPHENS: Final = "\ufffe\x02"
"""What PDFium leaves where a word was parted at the end of a line; it has joined the lines already."""


@dataclass(slots=True)
class Line:
    """A line, or two that a parted word joins; in points from the lower left corner of the page."""

    text: str
    left: float
    right: float
    """Where its last letter begins."""
    top: float
    """Height of its first letter's base line."""
    bottom: float
    """Height of its last letter's base line."""
    size: float
    """Of the letters in its middle."""


def lines_of(page: Any) -> list[Line]:
    """Give the lines of a page of pypdfium2.

    Raises:
        PdfiumError: The page is damaged.
    """
    text_page = page.get_textpage()
    try:
        return _lines(text_page.raw, text_page.get_text_range())
    finally:
        text_page.close()


def _lines(raw: Any, text: str) -> list[Line]:
    from pypdfium2 import raw as pdfium  # type: ignore[import-untyped]  # it comes without types

    x, y = ctypes.c_double(), ctypes.c_double()

    def origin(place: int) -> tuple[float, float]:
        pdfium.FPDFText_GetCharOrigin(raw, pdfium.FPDFText_GetCharIndexFromTextIndex(raw, place), x, y)
        return x.value, y.value

    lines: list[Line] = []
    start = 0
    for row in text.split("\n"):
        words = row.strip()
        if words:
            first = start + len(row) - len(row.lstrip())
            left, top = origin(first)
            right, bottom = origin(first + len(words) - 1)
            middle = pdfium.FPDFText_GetCharIndexFromTextIndex(raw, first + len(words) // 2)
            size = round(pdfium.FPDFText_GetFontSize(raw, middle), 1)
            lines.append(Line(words, left, right, top, bottom, size))
        # PDFium counts in units of UTF-16.
        start += len(row) + 1 + (0 if row.isascii() else sum(char > "\uffff" for char in row))
    return lines
