"""What the tests of agents share: an agent that plays a script, and ways to look at what happened."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mainspring import Agent, ScriptedModel
from mainspring.core import Event, FakeClock, Request, SeededRng

EventT = TypeVar("EventT")


def agent(script: Iterable[Any], *tools: Callable[..., object], **settings: Any) -> Agent:
    """Make an agent that plays a script, repeatable to the last byte."""
    made: dict[str, Any] = {"clock": FakeClock(1000.0), "rng": SeededRng(), "model": ScriptedModel(script)}
    return Agent("helper", tools=tools, **made | settings)


def asked(of: Agent) -> list[Request]:
    """Give what the scripted model of an agent was asked."""
    assert isinstance(of.model, ScriptedModel)
    return of.model.requests


def only(kind: type[EventT], events: Iterable[Event]) -> list[EventT]:
    """Give the events of one type."""
    return [event for event in events if isinstance(event, kind)]


def names(events: Iterable[object]) -> list[str]:
    """Give the names of the events' types."""
    return [type(event).__name__ for event in events]


async def others_had_their_turn() -> None:
    """Let everything else that is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)
