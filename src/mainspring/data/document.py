"""A document: the text of a file, and where in it its headings and pages begin.

Every later step points into this text by character offsets, so the text of a document never changes: what is read
differently is another document.
"""

import hashlib
from bisect import bisect_right
from functools import cached_property
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """What crosses a boundary of this room: checked when made, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Heading(Value):
    """A heading of a document."""

    start: int
    """Offset of its first character in the text."""
    level: int
    """1 for the outermost."""
    title: str


class Document(Value):
    """The text of one file, or of one message of a mailbox."""

    VERSION: ClassVar = 1

    name: str
    """Its path below the folder that was read, with `/`; also for people."""
    kind: str
    """Which reader read it: `pdf`, `docx`, `html`, `markdown`, `text`, `csv`, `code`, `mail`."""
    digest: str
    """SHA-256 of the bytes it was read from, in hexadecimal."""
    text: str
    title: str = ""
    headings: tuple[Heading, ...] = ()
    """In the order of the text."""
    pages: tuple[int, ...] = ()
    """Offset at which each page begins; none where there are no pages."""
    language: str = ""
    """ISO 639-1 code of most of the text; empty where that is not known."""
    licence: str = ""
    """SPDX expression or words; empty where nobody said."""
    source: str = ""
    """Where it comes from, such as a URL; empty where nobody said."""
    notes: tuple[str, ...] = ()
    """What could not be carried over, in words: images, tables without text, unreadable bytes."""

    @cached_property
    def id(self) -> str:
        """SHA-256 of the kind and the text, in hexadecimal: what spans point into."""
        return hashlib.sha256(f"{self.kind}\0{self.text}".encode(errors="surrogatepass")).hexdigest()

    def page_at(self, offset: int) -> int | None:
        """Give the number of the page, counted from 1, that an offset is on; None where there are no pages."""
        return bisect_right(self.pages, offset) or None if self.pages else None

    def headings_at(self, offset: int) -> tuple[str, ...]:
        """Give the titles of the headings that an offset stands under, the outermost first."""
        path: list[Heading] = []
        for heading in self.headings:
            if heading.start > offset:
                break
            path = [*(above for above in path if above.level < heading.level), heading]
        return tuple(heading.title for heading in path)
