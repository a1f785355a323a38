"""A passage: a piece of a document, cut at sentences, small enough to be asked about in one model call."""

from mainspring.data.document import Value


class Sentence(Value):
    """Where a sentence stands in the text of its document."""

    start: int
    end: int
    """Behind its last character."""


class Passage(Value):
    """A piece of a document's text."""

    document: str
    """Id of the document."""
    place: int
    """Its place among the document's passages, from 0."""
    start: int
    """Offset of its first character in the document's text."""
    end: int
    """Offset behind its last character."""
    text: str
    """Exactly the document's text from `start` to `end`."""
    sentences: tuple[Sentence, ...]
    """All of its sentences, in order; between them is nothing but white space."""
    headings: tuple[str, ...] = ()
    """Titles of the headings it stands under, the outermost first."""
    page: int | None = None
    """The page it begins on, counted from 1."""
    n_tokens: int = 0
    """About how many tokens of the teacher it is."""

    def quote(self, sentence: Sentence) -> str:
        """Give the words of one of its sentences."""
        return self.text[sentence.start - self.start : sentence.end - self.start]
