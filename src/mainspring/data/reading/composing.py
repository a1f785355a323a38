"""Putting a document together from blocks of text, while the offsets of its headings and pages are taken."""

import hashlib
from typing import Final

from mainspring.data.document import Document, Heading
from mainspring.data.reading.skipped import no_text
from mainspring.data.reading.tidy import one_line, tidy

PARAGRAPH: Final = "\n\n"
LINE: Final = "\n"


def digest_of(raw: bytes) -> str:
    """Give the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


class Composer:
    """Collects blocks; every block is given its one form when it is added, so that offsets are final."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._n_chars = 0
        self._headings: list[Heading] = []
        self._pages: list[int] = []
        self._n_new_pages = 0
        self.notes: list[str] = []
        """What could not be carried over, in words."""
        self.title = ""
        self.language = ""
        self.licence = ""
        self.source = ""

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._pieces)

    def add(self, block: str, gap: str = PARAGRAPH) -> int | None:
        """Add a block of text behind a gap; give where it begins, None where nothing is left of it."""
        text = tidy(block)
        if not text:
            return None
        if self._pieces:
            self._put(gap)
        self._begin_pages()
        start = self._n_chars
        self._put(text)
        return start

    def heading(self, title: str, level: int) -> None:
        """Add a heading on a line of its own."""
        title = one_line(title)
        start = self.add(title)
        if start is not None:
            self.mark(start, level, title)

    def mark(self, start: int, level: int, title: str) -> None:
        """Say that a heading stands in what was added."""
        self._headings.append(Heading(start=start, level=level, title=one_line(title)))

    def page(self) -> None:
        """Begin a page; one that gets no text begins where the next does, or where the text ends."""
        self._n_new_pages += 1

    def document(self, *, kind: str, name: str, digest: str) -> Document:
        """Give the document.

        Args:
            kind: Which reader read it.
            name: Its name, as the reader was told.
            digest: SHA-256 of its bytes.

        Raises:
            Unreadable: There is no text.
        """
        if not self._pieces:
            raise no_text(name)
        self._begin_pages()
        return Document(
            name=name,
            kind=kind,
            digest=digest,
            text=self.text,
            title=one_line(self.title),
            headings=tuple(self._headings),
            pages=tuple(self._pages),
            language=one_line(self.language),
            licence=one_line(self.licence),
            source=one_line(self.source),
            notes=tuple(self.notes),
        )

    def _begin_pages(self) -> None:
        self._pages += [self._n_chars] * self._n_new_pages
        self._n_new_pages = 0

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._n_chars += len(text)
