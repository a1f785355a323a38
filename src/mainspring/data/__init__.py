"""Documents in, fine-tuning data out.

Files are read and cut into passages; a team of a director, a concept extractor, a question writer, an answer writer
and a judge makes examples of them; every answer is held against its source by code before any judge is asked; what
is left is cleaned and written as JSONL with a dataset card and its provenance.

May import everything below it: `runs`, `teams`, `agent`, `memory`, `models`, `tools`, `prompts`, `core`.
"""

from mainspring.data.document import Document, Heading
from mainspring.data.example import (
    KINDS,
    Candidate,
    Example,
    Kind,
    Objection,
    Provenance,
    Span,
    Split,
    Verdict,
)
from mainspring.data.passage import Passage, Sentence

__all__ = [
    "KINDS",
    "Candidate",
    "Document",
    "Example",
    "Heading",
    "Kind",
    "Objection",
    "Passage",
    "Provenance",
    "Sentence",
    "Span",
    "Split",
    "Verdict",
]
