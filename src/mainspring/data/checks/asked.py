"""What the checks are asked about: an example beside its source.

What several checks need of it is worked out once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from mainspring.data.checks.lexicon import Lexicon, lexicon
from mainspring.data.checks.tongue import language_of
from mainspring.data.document import Document
from mainspring.data.example import Example, Span
from mainspring.data.passage import Passage
from mainspring.memory.words import words_of

_SECTION_NUMBER: Final = re.compile(r"^[\d.]+\s+")


@dataclass(frozen=True)
class Asked:
    """An example, and what it must be true to."""

    example: Example
    document: Document
    passages: Sequence[Passage]
    """Those that the model was shown."""

    @property
    def is_answerable(self) -> bool:
        """Whether the source holds the answer."""
        return self.example.kind != "unanswerable"

    @cached_property
    def language(self) -> str:
        """ISO 639-1 code of the source's language, or, of a table of names, the question's; empty if not known."""
        return (
            self.document.language
            or language_of("\n".join(passage.text for passage in self.passages))
            or language_of(f"{self.example.question} {self.example.answer}")
        )

    @cached_property
    def lexicon(self) -> Lexicon:
        """The words of the source's language."""
        return lexicon(self.language)

    @cached_property
    def cited(self) -> str:
        """What the source says where the example points, whatever the quotes say."""
        return "\n".join(self.document.text[max(span.start, 0) : span.end] for span in self.example.spans)

    @cached_property
    def around(self) -> str:
        """The cited sentences, and one more on each side of them."""
        return "\n".join(self._around(span) for span in self.example.spans)

    @cached_property
    def titles(self) -> str:
        """The headings that what is cited stands under, and the document's title; without numbers of sections."""
        above = (title for span in self.example.spans for title in self.document.headings_at(span.start))
        titles = dict.fromkeys([self.document.title, *above])
        return "\n".join(_SECTION_NUMBER.sub("", title) for title in titles if title)

    @cached_property
    def question_words(self) -> list[str]:
        """The words of the question, in lower case and without accents."""
        return words_of(self.example.question)

    @cached_property
    def answer_words(self) -> list[str]:
        """The words of the answer."""
        return words_of(self.example.answer)

    @cached_property
    def question_stems(self) -> dict[str, str]:
        """The stems of the question's telling words, and a word of each."""
        return self.lexicon.stems(self.question_words)

    @cached_property
    def answer_stems(self) -> dict[str, str]:
        """The stems of the answer's telling words, and a word of each."""
        return self.lexicon.stems(self.answer_words)

    def _around(self, span: Span) -> str:
        for passage in self.passages:
            if not touches(passage, span):
                continue
            inside = [
                place
                for place, sentence in enumerate(passage.sentences)
                if sentence.start < span.end and span.start < sentence.end
            ]
            if inside:
                first = passage.sentences[max(inside[0] - 1, 0)]
                last = passage.sentences[min(inside[-1] + 1, len(passage.sentences) - 1)]
                return self.document.text[first.start : last.end]
        return self.document.text[max(span.start, 0) : span.end]


def touches(passage: Passage, span: Span) -> bool:
    """Tell whether a span is in a passage, at least in part."""
    return span.document == passage.document and span.start < passage.end and passage.start < span.end
