"""Passages as a model is shown them: one numbered sentence a line, so that a citation is a number.

A number leads back to exact offsets; a model that had to repeat the words would get some of them wrong. Line breaks
within a sentence become blanks, and no heading begins with a bracket, so that no text can pretend to be another
sentence, or an instruction after them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mainspring.core import Label, Message
from mainspring.data.document import Document
from mainspring.data.example import Span
from mainspring.data.passage import Passage, Sentence

_TITLE_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """Passages in numbered sentences."""

    document: Document
    passages: tuple[Passage, ...]
    sentences: tuple[Sentence, ...]
    """By their numbers, which count from 1."""
    text: str

    @classmethod
    def of(cls, document: Document, passages: Sequence[Passage]) -> "Shown":
        """Number the sentences of passages through."""
        sentences: list[Sentence] = []
        lines: list[str] = []
        for passage in passages:
            lines.append(_heading(document, passage))
            for sentence in passage.sentences:
                sentences.append(sentence)
                lines.append(f"[{len(sentences)}] {_on_one_line(passage.quote(sentence))}")
        return cls(document, tuple(passages), tuple(sentences), "\n".join(lines))

    def message(self, instruction: str) -> Message:
        """Make the message of somebody who is to do something with them: the sentences first, so that a server that
        has read them for one member need not read them again for the next.
        """
        label = Label(integrity="untrusted", sources=(f"document:{self.document.id[:16]}",))
        return Message.user(f"{self.text}\n\n{instruction}", label=label)

    def spans(self, numbers: Iterable[int]) -> tuple[Span, ...]:
        """Give the spans of sentences, those that follow each other in a passage as one; numbers of no sentence are
        left out.
        """
        begins = {passage.start for passage in self.passages}
        spans: list[tuple[int, int]] = []
        for sentence in sorted({n for n in numbers if 1 <= n <= len(self.sentences)}):
            start, end = self.sentences[sentence - 1].start, self.sentences[sentence - 1].end
            if spans and start not in begins and not self.document.text[spans[-1][1] : start].strip():
                start = spans.pop()[0]
            spans.append((start, end))
        return tuple(self._span(start, end) for start, end in spans)

    def all(self) -> tuple[Span, ...]:
        """Give each passage whole: what was looked through for an answer that is not there."""
        return tuple(self._span(passage.start, passage.end) for passage in self.passages)

    def _span(self, start: int, end: int) -> Span:
        document = self.document
        return Span(
            document=document.id,
            start=start,
            end=end,
            quote=document.text[start:end],
            page=document.page_at(start),
        )


def _heading(document: Document, passage: Passage) -> str:
    parts = [document.title or document.name, *passage.headings]
    return _on_one_line(" > ".join(dict.fromkeys(parts))).lstrip("[ ")[:_TITLE_CHARS] + ":"


def _on_one_line(words: str) -> str:
    return " ".join(words.split())
