"""Tools that wait instead of doing something: for a human's answer, or for time to pass.

While a run with a store waits, nothing of it stays in memory; a run without one waits where it is.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mainspring.core import JsonObject, Message
from mainspring.core.errors import NobodyToAsk, ToolError
from mainspring.core.events import HumanAnswered, HumanAsked, Response, TimerRang, TimerSet, Wait


class Waits(Protocol):
    """What a tool waits for."""

    def intent(self, key: str, arguments: JsonObject, said: Sequence[Message]) -> Wait:
        """Say what is waited for.

        Args:
            key: Names the wait within its run.
            arguments: What the model called the tool with.
            said: The conversation so far.
        """
        ...

    async def respond(self, intent: Wait) -> Response:
        """Come to a response here and now, for a run that has no store.

        Raises:
            MainspringError: There is no way to.
        """
        ...

    def result(self, response: Response) -> object:
        """Give what the model is told.

        Raises:
            ToolError: The wait came to nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """Waits for a human's words."""

    within_s: float | None = None

    def intent(self, key: str, arguments: JsonObject, said: Sequence[Message]) -> HumanAsked:  # noqa: ARG002
        """Ask the question."""
        return HumanAsked(key=key, kind="question", question=str(arguments["question"]), within_s=self.within_s)

    async def respond(self, intent: Wait) -> HumanAnswered:
        """Refuse: nobody can answer a run that is kept nowhere."""
        raise nobody_to_ask(intent)

    def result(self, response: Response) -> object:
        """Give the answer.

        Raises:
            ToolError: There is none.
        """
        if isinstance(response, HumanAnswered) and response.verdict == "answer":
            return response.value
        raise ToolError(_unanswered(response))


@dataclass(frozen=True, slots=True)
class Timer:
    """Waits for time to pass."""

    def intent(self, key: str, arguments: JsonObject, said: Sequence[Message]) -> TimerSet:  # noqa: ARG002
        """Set the timer."""
        return TimerSet(key=key, seconds=float(str(arguments["seconds"])))

    async def respond(self, intent: Wait) -> TimerRang:
        """Sleep."""
        await asyncio.sleep(intent.seconds if isinstance(intent, TimerSet) else 0.0)
        return TimerRang(key=intent.key)

    def result(self, response: Response) -> object:  # noqa: ARG002 - a timer says nothing but that it rang
        """Say that the time has passed."""
        return "The time has passed."


def nobody_to_ask(intent: Wait) -> NobodyToAsk:
    """Say why a run without a store cannot wait for a human."""
    what = intent.question if isinstance(intent, HumanAsked) else intent.key
    return NobodyToAsk(
        f"a human has to answer {what!r}, and this run is kept nowhere; start it in a store: "
        "`async with open_runs('runs.db') as runs: await runs.start(...)`, or `mainspring run --store runs.db`"
    )


def _unanswered(response: Response) -> str:
    if isinstance(response, HumanAnswered) and response.by != "deadline":
        return f"The human did not answer: {response.reason or 'no reason given'}."
    return "Nobody answered in time."
