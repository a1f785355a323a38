"""The seam to scorers: what was asked, what is made of a decision, and the protocol between.

A scorer is what a case expects, read and checked; it holds a decision against that, in code, and the same decision
always gets the same verdict.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import JsonValue

from mainspring.core import Act, Answer, Decision, Message, Options


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked: what was said so far, and what it may do next."""

    messages: tuple[Message, ...]
    options: Options


@dataclass(frozen=True, slots=True)
class Verdict:
    """How right a decision is."""

    score: float
    """From 0 to 1; only 1 is right."""
    why: str = ""
    """What is wrong, for a person."""


class Scorer(Protocol):
    """What a case expects."""

    def score(self, asked: Question, decision: Decision) -> Verdict:
        """Hold a decision against it."""
        ...


RIGHT: Final = Verdict(1.0)


def wrong(why: str) -> Verdict:
    """Say that nothing of a decision is right."""
    return Verdict(0.0, why)


def answer_of(decision: Decision) -> JsonValue | Verdict:
    """Give what was answered; a verdict where the decision is no answer."""
    match decision:
        case Answer(value=value):
            return value
        case Act(calls=calls):
            return wrong(f"it calls {', '.join(call.name for call in calls)} instead of answering")
        case _:
            return wrong(f"the reply cannot be used: {decision.reason}")


def said_of(decision: Decision) -> JsonValue:
    """Give a decision as it is kept: the calls, the answer, or what could not be used."""
    match decision:
        case Act(calls=calls):
            return [{"name": call.name, "arguments": call.arguments} for call in calls]
        case Answer(value=value):
            return value
        case _:
            return {"unusable": decision.reason, "written": decision.written}
