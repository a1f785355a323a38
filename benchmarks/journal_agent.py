"""Mainspring's agent for `journal.py`: a model in this process that answers at once, and a tool."""

from collections.abc import Iterable
from functools import cache

from benchmarks.journal_contender import ANSWER, INSTRUCTIONS, Kept, asked, page, question
from mainspring import Agent, tool
from mainspring.core import Act, Answer, Event, Message, OnDelta, Reply, Request, ToolCall, Usage
from mainspring.core.events import ModelReplied, ToolReturned

USAGE = Usage(input_tokens=100, output_tokens=5, model_calls=1)


class Reader:
    """Asks for a page until it has read as many as it was asked to."""

    name = "bench:reader"

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:  # noqa: ARG002 - nothing to stream
        """Answer at once."""
        run, n_steps = asked(request.messages[1].text)
        turn = request.turn
        read = ToolCall(id=f"call_{turn}", name="read", arguments={"name": f"{run}:{turn}"})
        decision = Act(calls=(read,)) if turn < n_steps else Answer(value=ANSWER)
        message = Message(role="assistant", parts=decision.parts, label=request.label)
        return Reply(message, decision, USAGE, "stop", self.name)


@tool(effect="fetch")
async def read(name: str) -> str:
    """Read a page.

    Args:
        name: Its name.
    """
    return page(name)


@cache
def reading_agent(n_steps: int) -> Agent:
    """Give the agent for runs of that length."""
    return Agent(
        f"reader_{n_steps}", instructions=INSTRUCTIONS, model=Reader(), tools=[read], max_steps=n_steps + 1
    )


def n_outcomes(events: Iterable[Event]) -> int:
    """Count the effects whose outcome is among the events."""
    return sum(isinstance(event, ModelReplied | ToolReturned) for event in events)


def without_store() -> Kept:
    """Give runs of which nothing is kept but the number of their effects."""
    known: dict[str, int] = {}

    async def run(name: str, n_steps: int) -> str:
        result = await reading_agent(n_steps).run(question(name, n_steps))
        known[name] = n_outcomes(result.events)
        return str(result.output)

    async def n_effects(name: str) -> int:
        return known[name]

    return Kept(run, n_effects)
