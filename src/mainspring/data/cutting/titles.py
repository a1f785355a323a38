"""The lines of a document that are headings and nothing else.

A heading's offset may also point into running text, as where a PDF's outline knows the page only; a line counts if
its words are the heading's title.
"""

from collections.abc import Iterator

from mainspring.data.cutting.lines import Line
from mainspring.data.cutting.sentences import MAX_SENTENCE_CHARS
from mainspring.data.document import Document, Heading

_NUMBERING_CHARS = 12
"""A line may be so much longer than the title: `Section 4.2` before it."""


def title_lines(document: Document) -> Iterator[Line]:
    """Give the lines that are headings, in order, without the white space around them."""
    behind = 0
    for heading in document.headings:
        line = _line(document.text, heading.start)
        if line is None or line[0] < behind:
            continue
        if document.kind == "code" or _is_title(document.text[slice(*line)], heading):
            yield line
            behind = line[1]


def _line(text: str, offset: int) -> Line | None:
    """Give the line that an offset is in; None where it is blank, or too long for a heading."""
    start = text.rfind("\n", max(0, offset - MAX_SENTENCE_CHARS), offset) + 1
    end = text.find("\n", offset, offset + MAX_SENTENCE_CHARS)
    end = len(text) if end < 0 else end
    if end - start > MAX_SENTENCE_CHARS:
        return None
    words = text[start:end]
    if not words or words.isspace():
        return None
    return start + len(words) - len(words.lstrip()), start + len(words.rstrip())


def _is_title(line: str, heading: Heading) -> bool:
    if line.startswith("#"):
        return True
    words, title = _letters(line), _letters(heading.title)
    if not words or not title:
        return False
    return words in title or (title in words and len(words) <= len(title) + _NUMBERING_CHARS)


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
