"""Candidates as a build makes them, with as much of them as a test says."""

from mainspring.core import JsonObject
from mainspring.data import Candidate, Example, Objection, Provenance, Span

QUOTE = "Write to ada@example.com within 30 days."
NUMBERS = Objection(check="numbers", says="31 is not in the source")


def candidate(
    question: str = "How long may it be returned?",
    answer: str = "Within 30 days.",
    *,
    objections: tuple[Objection, ...] = (),
    messages: tuple[JsonObject, ...] = (),
    tools: tuple[JsonObject, ...] = (),
) -> Candidate:
    """Make a candidate that rests on one span."""
    span = Span(document="d" * 64, start=0, end=len(QUOTE), quote=QUOTE)
    example = Example(
        kind="factual", question=question, answer=answer, spans=(span,), document="d" * 64, passages=(0,)
    )
    return Candidate(
        example=example,
        provenance=Provenance(prompts={}, models={}),
        objections=objections,
        messages=messages,
        tools=tools,
    )


def checks(found: Candidate) -> list[str]:
    """Give the names of the checks that object."""
    return [objection.check for objection in found.objections]
