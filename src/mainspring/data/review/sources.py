"""The source beside an example: pieces of documents around what is cited, with the cited words marked.

Offsets are of characters, as spans have them. The text is cut into parts here, so that a page shows parts one after
the other and never counts characters itself: JavaScript counts others.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from mainspring.data.example import Span

CONTEXT_CHARS: Final = 500
"""What is shown before and after something cited."""
_MAX_TEXTS: Final = 4
"""Documents whose text stays in memory."""
_LONGEST_WORD_CHARS: Final = 40
_BLANK: Final = re.compile(r"\s")
_SAFE: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text, cited or not."""

    text: str
    is_cited: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a document's text, with what is cited in it."""

    document: str
    """Its id."""
    start: int
    end: int
    """Behind its last character."""
    floor: int
    """How far it can be extended to the front: 0, or where the excerpt before it ends."""
    ceiling: int
    """How far it can be extended to the back."""
    pieces: tuple[Piece, ...]
    page: int | None


class Texts:
    """The extracted texts of a dataset's documents.

    Args:
        folder: Where they are, a file for each document.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: OrderedDict[str, str] = OrderedDict()

    def text(self, document: str) -> str | None:
        """Give the text of a document; None where it cannot be read."""
        if not _SAFE.fullmatch(document):
            return None
        with self._lock:
            if document not in self._read:
                try:
                    data = (self._folder / f"{document}.txt").read_bytes()
                except OSError:
                    return None
                self._read[document] = data.decode(errors="replace")
                if len(self._read) > _MAX_TEXTS:
                    self._read.popitem(last=False)
            self._read.move_to_end(document)
            return self._read[document]


def excerpts(spans: Iterable[Span], texts: Texts, context_chars: int = CONTEXT_CHARS) -> list[Excerpt]:
    """Give what is cited with its surroundings, in the order of the text; what lies close together as one."""
    found: list[Excerpt] = []
    by_document: dict[str, list[Span]] = {}
    for span in spans:
        by_document.setdefault(span.document, []).append(span)
    for document, cited in by_document.items():
        text = texts.text(document)
        if text is not None:
            inside = sorted(
                (span for span in cited if 0 <= span.start < span.end <= len(text)), key=lambda span: span.start
            )
            found += _of_one(document, text, inside, context_chars)
    return found


def misquoted(spans: Iterable[Span], texts: Texts) -> list[Span]:
    """Give the spans whose quote is not what their document says there."""
    read = ((span, texts.text(span.document)) for span in spans)
    return [span for span, text in read if text is not None and text[span.start : span.end] != span.quote]


def _of_one(document: str, text: str, spans: Sequence[Span], context_chars: int) -> list[Excerpt]:
    windows: list[tuple[int, int, list[Span]]] = []
    for span in spans:
        start, end = _widened(text, span, context_chars)
        if windows and start <= windows[-1][1]:
            before = windows.pop()
            start, end = before[0], max(end, before[1])
            windows.append((start, end, [*before[2], span]))
        else:
            windows.append((start, end, [span]))
    floors = [0, *(end for _, end, _ in windows)]
    ceilings = [*(start for start, _, _ in windows[1:]), len(text)]
    return [
        Excerpt(document, start, end, floor, ceiling, _pieces(text, start, end, inside), inside[0].page)
        for (start, end, inside), floor, ceiling in zip(windows, floors, ceilings, strict=False)
    ]


def _widened(text: str, span: Span, context_chars: int) -> tuple[int, int]:
    """Give a span's surroundings, which begin and end between words."""
    start, end = max(0, span.start - context_chars), min(len(text), span.end + context_chars)
    if start and (first := _BLANK.search(text, start - 1, span.start)):
        start = first.end()
    if last := _BLANK.search(text, end, end + _LONGEST_WORD_CHARS):
        end = last.start()
    return start, end


def _pieces(text: str, start: int, end: int, spans: Sequence[Span]) -> tuple[Piece, ...]:
    edges = sorted({start, end, *(span.start for span in spans), *(span.end for span in spans)})
    pieces: list[Piece] = []
    for one, other in pairwise(edges):
        is_cited = any(span.start <= one and other <= span.end for span in spans)
        if pieces and pieces[-1].is_cited == is_cited:
            pieces[-1] = Piece(pieces[-1].text + text[one:other], is_cited)
        else:
            pieces.append(Piece(text[one:other], is_cited))
    return tuple(pieces)
