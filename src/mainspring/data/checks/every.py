"""All checks, in the order in which what they say is best mended."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from mainspring.data.checks import (
    citations,
    coverage,
    form,
    language,
    markup,
    names,
    numbers,
    refusals,
    relevance,
    self_contained,
)
from mainspring.data.checks.asked import Asked
from mainspring.data.document import Document
from mainspring.data.example import Example, Objection
from mainspring.data.passage import Passage

Check = Callable[[Asked], Iterator[Objection]]
"""Says what is wrong with an example; nothing where nothing is."""

CHECKS: Final[Mapping[str, Check]] = {
    "citations": citations.objections,
    "form": form.objections,
    "language": language.objections,
    "markup": markup.objections,
    "self_contained": self_contained.objections,
    "refusals": refusals.objections,
    "relevance": relevance.objections,
    "numbers": numbers.objections,
    "names": names.objections,
    "coverage": coverage.objections,
}
"""By the name that their objections carry."""


def check(example: Example, document: Document, passages: Sequence[Passage]) -> tuple[Objection, ...]:
    """Hold an example against its source.

    Args:
        example: The example.
        document: The document that it is about.
        passages: The passages of it that the model was shown.
    """
    asked = Asked(example, document, passages)
    return tuple(objection for objections in CHECKS.values() for objection in objections(asked))
