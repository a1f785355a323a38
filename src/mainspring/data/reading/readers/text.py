"""Plain text; headings only where they are certain: underlined lines, and lines numbered in their own right."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mainspring.data.document import Document, Heading
from mainspring.data.reading.composing import digest_of
from mainspring.data.reading.encoding import decode
from mainspring.data.reading.skipped import no_text
from mainspring.data.reading.tidy import tidy

_UNDERLINED: Final = re.compile(r"^(?P<title>\S.*)\n(?P<line>([=\-~^*#\"'+])\3{2,})$", re.MULTILINE)
_NUMBERED: Final = re.compile(
    r"(?:\A|(?<=\n\n))(?P<number>(?:chapter |section |part |kapitel |chapitre )?\d{1,2}(?:\.\d{1,2}){0,4}|"
    r"(?:chapter|part|book|kapitel|chapitre) [ivxlc]+)[.:)]?[ \t]+(?P<title>\S[^\n]{0,79})(?=\n\n|\Z)",
    re.IGNORECASE,
)
_SENTENCE_END: Final = (".", ",", ";", ":", "!", "?")
_LINE_MAY_DIFFER: Final = 3
"""Characters by which an underlining may be shorter or longer than what it underlines."""


@dataclass(frozen=True, slots=True)
class TextReader:
    """Reads plain text, with what is left of its headings."""

    kind: str = "text"
    suffixes: frozenset[str] = frozenset({".txt", ".text", ".rst", ".log", ".asc", ".org", ".adoc"})

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Give the document of a text."""
        decoded = decode(raw)
        text = tidy(decoded.text)
        if not text:
            raise no_text(name)
        headings = headings_of(text)
        title = headings[0].title if headings and headings[0].start == 0 else ""
        return [
            Document(
                name=name,
                kind=self.kind,
                digest=digest_of(raw),
                text=text,
                title=title,
                headings=headings,
                notes=decoded.notes,
            )
        ]


def headings_of(text: str) -> tuple[Heading, ...]:
    """Find the headings of which there is no doubt."""
    found = _underlined(text)
    return tuple(found or _numbered(text))


def _underlined(text: str) -> list[Heading]:
    """Find underlined lines; the first sign that underlines is that of the outermost heading, and so on."""
    levels: dict[str, int] = {}
    headings = []
    for match in _UNDERLINED.finditer(text):
        title, line = match["title"], match["line"]
        if abs(len(title) - len(line)) > _LINE_MAY_DIFFER or title == line:
            continue
        level = levels.setdefault(line[0], len(levels) + 1)
        headings.append(Heading(start=match.start(), level=level, title=title.strip()))
    return headings


def _numbered(text: str) -> list[Heading]:
    """Find lines that stand alone and begin with a number that follows from the one before."""
    headings = []
    for match in _NUMBERED.finditer(text):
        title = match["title"].strip()
        if title.endswith(_SENTENCE_END):
            continue
        number = match["number"]
        headings.append(Heading(start=match.start(), level=1 + number.count("."), title=f"{number} {title}"))
    return headings if len(headings) > 1 else []
