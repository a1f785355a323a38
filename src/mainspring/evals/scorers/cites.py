"""The answer quotes its source: what stands between quotation marks is in the source, word for word."""

import re
from collections.abc import Iterator
from typing import Final

from pydantic import Field, JsonValue

from mainspring.core import Decision
from mainspring.evals.outcome import Value
from mainspring.evals.scorer import RIGHT, Question, Verdict, answer_of, wrong
from mainspring.evals.values import folded

_QUOTED: Final = re.compile(r"\"([^\"\n]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»")
_AT_ENDS: Final = " .,;:!?…"
_SHOWN_CHARS: Final = 60


class Cites(Value):
    """What the answer has to quote."""

    source: str = ""
    """The text that is quoted from; what users and tools said in the case if not given."""
    spans: tuple[str, ...] = ()
    """Passages of the source of which one has to be quoted, in whole or in part; any passage if not given."""
    least: int = Field(default=1, ge=1)
    """How many quotes there have to be."""
    least_words: int = Field(default=3, ge=1)
    """What is shorter is a word in quotation marks, and no quote."""

    def score(self, asked: Question, decision: Decision) -> Verdict:
        """Find the quotes and look each up; the score is the share of true ones."""
        given = answer_of(decision)
        if isinstance(given, Verdict):
            return given
        quotes = [quote for quote in map(_quote, _quotes(given)) if len(quote.split()) >= self.least_words]
        if len(quotes) < self.least:
            return wrong(f"it has {len(quotes)} quotes, and should have {self.least}")
        source = folded(self.source or _said(asked))
        false = [quote for quote in quotes if quote not in source]
        if false:
            why = f"the source does not say {false[0][:_SHOWN_CHARS]!r}"
            return Verdict(1 - len(false) / len(quotes), why)
        spans = [_quote(span) for span in self.spans]
        if spans and not any(quote in span or span in quote for quote in quotes for span in spans):
            return wrong("it quotes another passage than the one that tells")
        return RIGHT


def _quotes(given: JsonValue) -> Iterator[str]:
    """Give what is between quotation marks; of a value that is not words, each text that is an item of a list."""
    if isinstance(given, str):
        for match in _QUOTED.finditer(given):
            yield next(group for group in match.groups() if group is not None)
    elif isinstance(given, dict):
        for field in given.values():
            yield from _quotes(field)
    elif isinstance(given, list):
        for item in given:
            yield from [item] if isinstance(item, str) else _quotes(item)


def _quote(text: str) -> str:
    return folded(text).strip(_AT_ENDS)


def _said(asked: Question) -> str:
    return "\n".join(message.text for message in asked.messages if message.role in ("user", "tool"))
