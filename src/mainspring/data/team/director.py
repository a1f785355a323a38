"""The director of a document: which rounds there are, and when there is nothing left to ask.

It is a routine in code over the counts that its tools give it: it is told no words of the document, so nothing that
stands there can change what it does. Its run is an ordinary run in a store: it goes on after a crash, is shared out
to workers, and can be looked at with `mainspring runs show`.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from mainspring.agent import Agent
from mainspring.data.document import Value
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.tools import tool

NAME: Final = "director"
_FAILED: Final = "ask_about failed: "
"""What stands before the name of an error in a tool's result."""
_MAX_STEPS: Final = 64
_TIMEOUT_S: Final = 30 * 86_400.0
"""Of a round: a long document and a slow model take days."""


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


class Outcome(Value):
    """How the work on a document ended."""

    progress: Progress | None = None
    """None where not even the first round was done."""
    stopped: str = ""
    """Why it was not done to its end, in words; empty where it was. Another run goes on from there."""


Cover = Callable[[Order, int], Awaitable[Progress]]
"""Does all that is to be done in a round, and says how far the document has come."""


def director(cover: Cover) -> Agent:
    """Make the agent whose runs direct the work on documents.

    Args:
        cover: Does the work of a round: asks about passages, and in the last round about pairs of them.
    """

    @tool(effect="none", authority=[], trusted=True, in_doubt="retry", timeout_s=_TIMEOUT_S)
    async def ask_about(document: str, spec: str, budget: str, rounds: int, round: int) -> str:  # noqa: A002 - a round
        """Have the team ask about what is not covered yet."""
        order = Order(document=document, spec=spec, budget=budget, rounds=rounds)
        return (await cover(order, round)).model_dump_json()

    def routine(task: str) -> Routine:
        order = Order.model_validate_json(task)
        progress: Progress | None = None
        for number in range(order.rounds + 1):
            if 0 < number < order.rounds and progress is not None and not progress.n_uncovered:
                continue
            asked = call(ask_about.name, **order.model_dump(), round=number)
            (told,) = yield Step((asked,), why=_why(number, order.rounds))
            if told.is_error:
                return Outcome(progress=progress, stopped=told.text.removeprefix(_FAILED)).model_dump(mode="json")
            progress = Progress.model_validate_json(told.text)
        return Outcome(progress=progress).model_dump(mode="json")

    return Agent(
        NAME,
        model=RoutineModel(NAME, routine),
        tools=[ask_about],
        max_steps=_MAX_STEPS,
        description="Directs a team that makes training examples of a document.",
    )


def _why(number: int, rounds: int) -> str:
    if number == rounds:
        return "ask about passages that tell about the same things"
    return "ask again for what is not covered" if number else "ask of every passage"
