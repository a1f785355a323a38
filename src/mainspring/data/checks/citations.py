"""What an answer cites must be there: inside the document, word for word, and in a passage that was shown.

Nearly a whole passage is no citation, unless the passage is short. An answer that joins two passages cites both.
For an unanswerable question the spans are what was looked through, which may be all.
"""

from collections.abc import Iterator
from typing import Final

from mainspring.data.checks.asked import Asked, touches
from mainspring.data.example import Objection, Span
from mainspring.data.passage import Passage

MOST_SHARE: Final = 0.7
"""Of a passage's characters that may be cited."""
SHORT_CHARS: Final = 600
"""A passage of fewer characters may be cited whole."""
_SHORT_SENTENCES: Final = 4
_SHOWN_CHARS: Final = 60


def objections(asked: Asked) -> Iterator[Objection]:
    """Object to citations that are not there, or that say too much or too little."""
    spans = asked.example.spans
    for span in spans:
        says = _wrong(asked, span)
        if says:
            yield Objection(check="citations", says=says)
    if not asked.is_answerable:
        return
    if not spans:
        yield Objection(check="citations", says="the answer cites nothing: cite the sentences that it rests on")
    for passage in asked.passages:
        if _is_nearly_whole(passage, spans):
            yield Objection(
                check="citations",
                says=f"nearly all of passage {passage.place} is cited: cite only what the answer rests on",
            )
    cited = [passage for passage in asked.passages if any(touches(passage, span) for span in spans)]
    if asked.example.kind == "multi_hop" and len(cited) < 2:
        yield Objection(
            check="citations",
            says="the question joins two passages: cite sentences of both, or ask about one of them",
        )


def _wrong(asked: Asked, span: Span) -> str:
    """Say what is wrong with a span; empty where nothing is."""
    text = asked.document.text
    ids = {passage.document for passage in asked.passages} or {asked.document.id}
    if span.document not in ids or span.document != asked.example.document:
        return f"{_shown(span)} is cited from another document: cite the one that was shown"
    if not 0 <= span.start < span.end <= len(text):
        return f"{_shown(span)} is cited from {span.start} to {span.end}, which is not in the document"
    if text[span.start : span.end] != span.quote:
        return f"{_shown(span)} is not what stands at its place in the document: quote it word for word"
    if not any(passage.start <= span.start and span.end <= passage.end for passage in asked.passages):
        return f"{_shown(span)} is in none of the passages that were shown: cite one of their sentences"
    return ""


def _shown(span: Span) -> str:
    return repr(span.quote if len(span.quote) <= _SHOWN_CHARS else f"{span.quote[:_SHOWN_CHARS]}...")


def _is_nearly_whole(passage: Passage, spans: tuple[Span, ...]) -> bool:
    if len(passage.text) < SHORT_CHARS or len(passage.sentences) <= _SHORT_SENTENCES:
        return False
    behind, n_chars = passage.start, 0
    for span in sorted((span for span in spans if touches(passage, span)), key=lambda span: span.start):
        start, end = max(span.start, behind), min(span.end, passage.end)
        n_chars += max(0, end - start)
        behind = max(behind, end)
    return n_chars > MOST_SHARE * len(passage.text)
