"""The director of a document: which rounds there are, and when there is nothing left to ask.

It is a routine in code over the counts that its tools give it: it is told no words of the document, so nothing that
stands there can change what it does. Its run is an ordinary run in a store: it goes on after a crash, is shared out
to workers, and can be looked at with `mainspring runs show`.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json

from mainspring.agent import Agent
from mainspring.data.document import Value
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.tools import tool

NAME: Final = "director"
_MAX_STEPS: Final = 64


class Order(Value):
    """What a director is asked: one document, and how it is to be worked on."""

    document: str
    """Id of the document."""
    spec: str
    """Digest of the spec of the build."""
    budget: str
    """Name of the budget that calls are paid from."""
    rounds: int

    @property
    def words(self) -> str:
        """The order as it is given to the director."""
        return self.model_dump_json()


class Progress(Value):
    """How far a document has come."""

    n_passages: int
    n_asked: int
    """Passages that are worth a question."""
    n_candidates: int
    n_accepted: int
    n_uncovered: int
    """Passages whose text is not covered enough yet."""


Cover = Callable[[Order, int], Awaitable[Progress]]
"""Does all that is to be done in a round, and says how far the document has come."""


def director(cover: Cover) -> Agent:
    """Make the agent whose runs direct the work on documents.

    Args:
        cover: Does the work of a round: asks about passages, and in the last round about pairs of them.
    """

    @tool(effect="none", authority=[], trusted=True, in_doubt="retry")
    async def ask_about(document: str, spec: str, budget: str, rounds: int, round: int) -> str:  # noqa: A002 - a round
        """Have the team ask about what is not covered yet."""
        order = Order(document=document, spec=spec, budget=budget, rounds=rounds)
        return (await cover(order, round)).model_dump_json()

    def routine(task: str) -> Routine:
        order = from_json(task)
        progress: dict[str, JsonValue] = {}
        for number in range(order["rounds"]):
            if progress and not progress["n_uncovered"]:
                break
            why = "ask of every passage" if not number else "ask again for what is not covered"
            (told,) = yield Step((call(ask_about.name, **order, round=number),), why=why)
            progress = _progress(told.text)
        (told,) = yield Step((call(ask_about.name, **order, round=order["rounds"]),), why="ask about pairs")
        return _progress(told.text)

    return Agent(
        NAME,
        model=RoutineModel(NAME, routine),
        tools=[ask_about],
        max_steps=_MAX_STEPS,
        description="Directs a team that makes training examples of a document.",
    )


def _progress(text: str) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = Progress.model_validate_json(text).model_dump()
    return found
