"""What the checks object to in words that a person wrote: told before they are saved, and never in the way.

A dataset does not keep its passages; what stands around the cited words takes their place.
"""

from typing import Final

from mainspring.data.checks import check
from mainspring.data.cutting import sentences
from mainspring.data.document import Document
from mainspring.data.example import Example, Objection
from mainspring.data.passage import Passage
from mainspring.data.review.sources import Excerpt, Texts, excerpts
from mainspring.data.writing import DocumentRow

_OF_SPANS: Final = "citations"
"""The check of what a person does not change here."""


def objections_to(example: Example, row: DocumentRow | None, texts: Texts) -> tuple[Objection, ...]:
    """Hold an example's words against its source; nothing where that is not there, or is several documents."""
    text = texts.text(example.document)
    if row is None or text is None or any(span.document != row.id for span in example.spans):
        return ()
    document = Document(
        name=row.name,
        kind=row.kind,
        digest=row.digest,
        text=text,
        title=row.title,
        headings=row.headings,
        pages=row.pages,
        language=row.language,
    )
    around = excerpts(example.spans, texts)
    passages = [_passage(place, excerpt, text) for place, excerpt in enumerate(around)]
    found = check(example, document, passages)
    return tuple(objection for objection in found if objection.check != _OF_SPANS)


def _passage(place: int, excerpt: Excerpt, text: str) -> Passage:
    start, end = excerpt.start, excerpt.end
    return Passage(
        document=excerpt.document,
        place=place,
        start=start,
        end=end,
        text=text[start:end],
        sentences=tuple(sentences(text, start, end)),
        page=excerpt.page,
    )
