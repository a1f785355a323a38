"""PDF by PDFium: pages in reading order, as paragraphs, without running heads and page numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mainspring.data.document import Document
from mainspring.data.reading.composing import Composer, digest_of
from mainspring.data.reading.extra import data_extra
from mainspring.data.reading.limits import Limits
from mainspring.data.reading.pages import Line, compose_pages, joined, lines_of, outline_of, without_furniture
from mainspring.data.reading.skipped import Unreadable

_PASSWORD_ERRORS = frozenset({4, 5})
"""FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY."""
_SHOWN_PAGES = 8


@dataclass(frozen=True, slots=True)
class PdfReader:
    """Reads the text of PDF; what is only an image is not read."""

    kind: str = "pdf"
    suffixes: frozenset[str] = frozenset({".pdf"})
    pages: int = Limits().pages
    """The most pages a file may have."""

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Give the document of a PDF."""
        pdf = _opened(raw, name)
        try:
            n_pages = len(pdf)
            if n_pages > self.pages:
                raise Unreadable(
                    "too_large",
                    f"{name!r} has {n_pages:,} pages, more than {self.pages:,}: part it, or raise "
                    "Limits(pages=...)",
                )
            composer = Composer()
            pages = _pages(pdf, composer)
            if not any(pages):
                raise Unreadable(
                    "no_text",
                    f"there is no text on the {n_pages:,} pages of {name!r}, only images at most: run OCR on it "
                    "first",
                )
            composer.title = pdf.get_metadata_value("Title")
            outline = outline_of(pdf)
        finally:
            pdf.close()
        pages = without_furniture(pages)
        joined(pages)
        compose_pages(pages, outline, composer)
        return [composer.document(kind=self.kind, name=name, digest=digest_of(raw))]


def _opened(raw: bytes, name: str) -> Any:
    with data_extra("PDF files"):
        import pypdfium2  # type: ignore[import-untyped]  # it comes without types
    try:
        return pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        if error.err_code in _PASSWORD_ERRORS:
            raise Unreadable("encrypted", f"{name!r} is encrypted: save it without a password") from error
        raise Unreadable("broken", f"{name!r} is a damaged PDF: {error}") from error


def _pages(pdf: Any, composer: Composer) -> list[list[Line]]:
    """Give the lines of all pages; pages that are damaged or hold none are noted."""
    from pypdfium2 import PdfiumError

    pages: list[list[Line]] = []
    damaged: list[int] = []
    for number in range(len(pdf)):
        try:
            page = pdf[number]
            try:
                pages.append(lines_of(page))
            finally:
                page.close()
        except PdfiumError:
            pages.append([])
            damaged.append(number)
    silent = [number for number, page in enumerate(pages) if not page and number not in set(damaged)]
    for numbers, matter in ((damaged, "are damaged"), (silent, "hold no text, only images at most")):
        if numbers:
            shown = ", ".join(str(number + 1) for number in numbers[:_SHOWN_PAGES])
            more = f" and {len(numbers) - _SHOWN_PAGES} more" if len(numbers) > _SHOWN_PAGES else ""
            composer.notes.append(f"pages that {matter}: {shown}{more}")
    return pages
