"""Examples over a text, held against it."""

from mainspring.data import Document, Example, Kind, Objection, Span
from mainspring.data.checks import check
from mainspring.data.cutting import cut


def document(text: str, language: str = "en") -> Document:
    """Make a document of plain text."""
    return Document(name="a.txt", kind="text", digest="0", text=text, language=language)


def span(source: Document, quote: str) -> Span:
    """Cite words of a document."""
    start = source.text.index(quote)
    return Span(document=source.id, start=start, end=start + len(quote), quote=quote)


def objections(
    text: str, question: str, answer: str, *cites: str, kind: Kind = "factual", language: str = "en"
) -> tuple[Objection, ...]:
    """Say what is wrong with an example; without `cites` all of a short text is cited."""
    source = document(text, language)
    spans = tuple(span(source, quote) for quote in cites or (text.strip(),))
    asked = Example(kind=kind, question=question, answer=answer, spans=spans, document=source.id, passages=(0,))
    return check(asked, source, cut(source))


def said(check_name: str, found: tuple[Objection, ...]) -> list[str]:
    """Give what one check says."""
    return [objection.says for objection in found if objection.check == check_name]
