"""An example: a question, its answer, and the spans of the source that the answer rests on."""

import hashlib
from typing import ClassVar, Final, Literal

from pydantic_core import to_json

from mainspring.core import JsonObject
from mainspring.data.document import Value

Kind = Literal["factual", "how_to", "why", "comparison", "multi_hop", "unanswerable", "conversation"]
"""What is asked; a `conversation` is one of a run, whatever was asked in it."""
KINDS: Final[tuple[Kind, ...]] = ("factual", "how_to", "why", "comparison", "multi_hop", "unanswerable")
"""The kinds of questions that are asked of documents."""
Split = Literal["train", "validation"]


class Span(Value):
    """A piece of a document that an answer rests on."""

    document: str
    """Id of the document."""
    start: int
    end: int
    """Behind its last character."""
    quote: str
    """Exactly the document's text from `start` to `end`."""
    page: int | None = None
    """The page it begins on, counted from 1."""


class Example(Value):
    """What a model is to learn from: words in, words out, and why one may believe them."""

    VERSION: ClassVar = 1

    kind: Kind
    question: str
    answer: str
    spans: tuple[Span, ...]
    """What the answer rests on, in the order of the text; for an unanswerable question, what was looked through."""
    document: str
    """Id of the document it is about."""
    passages: tuple[int, ...]
    """Places of the passages that the model was shown."""
    concept: str = ""
    """What the question is about."""

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of its words and of where they come from."""
        spans = [(span.document, span.start, span.end) for span in self.spans]
        return hashlib.sha256(to_json((self.question, self.answer, spans or self.document))).hexdigest()[:16]


class Objection(Value):
    """Why an example is refused, or what somebody should look at."""

    check: str
    """Which check objects: `numbers`, `names`, `language`, `judge`, `duplicate`, ..."""
    says: str
    """What is wrong, in words that the writer of the answer can mend it by."""


class Verdict(Value):
    """What a judge said of an example."""

    is_good: bool
    why: str = ""
    model: str = ""


class Provenance(Value):
    """How an example came to be."""

    prompts: dict[str, str]
    """Agent to the version and SHA-256 of the prompt file it worked by: `question_writer` to `2:ab12...`."""
    models: dict[str, str]
    """Agent to the model it asked."""
    run: str = ""
    """Id of the run in the store."""


class Candidate(Value):
    """An example with all that is known of it; it is accepted if nothing is objected."""

    VERSION: ClassVar = 1

    example: Example
    provenance: Provenance
    objections: tuple[Objection, ...] = ()
    verdict: Verdict | None = None
    """The judge's; None where none was asked, or where its verdicts do not count."""
    tools: tuple[JsonObject, ...] = ()
    """Tools in OpenAI's form that were at hand, for a conversation from a run."""
    messages: tuple[JsonObject, ...] = ()
    """The whole conversation in OpenAI's form, for one that is not just a question and an answer."""

    @property
    def is_accepted(self) -> bool:
        """Whether nothing is objected."""
        return not self.objections
