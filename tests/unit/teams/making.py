"""What the tests of teams share: members that play scripts, and runs of teams in memory and in a store."""

from collections.abc import Callable
from typing import Any

from mainspring import Agent, Budget, ScriptedModel, open_runs
from mainspring.core import Event, Request
from mainspring.models.scripted import Line

Script = list[Line | Callable[[Request], Line]]


def member(name: str, *script: Any, **settings: Any) -> Agent:
    """Make a member that plays a script."""
    given: dict[str, Any] = {"model": ScriptedModel(script, name=name), "description": f"Knows {name}."}
    return Agent(name, **given | settings)


def asked(of: Agent) -> list[list[str]]:
    """Give what a member was told, call by call."""
    assert isinstance(of.model, ScriptedModel)
    return [[message.text for message in request.messages] for request in of.model.requests]


async def kept(team: Agent, words: str, budget: Budget | None = None) -> tuple[object, list[Event], list[str]]:
    """Run a team in a store; give its answer, its events, and the agents of all runs, and check the replay."""
    async with open_runs(":memory:") as runs:
        run = await runs.start(team, words, budget=budget)
        result = await run.result()
        replayed = await runs.replay(run.id)
        assert replayed.divergence is None, replayed.divergence.words
        rows = await runs.find()
        return (
            result.output,
            [entry.event for entry in await runs.store.entries(run.id)],
            [row.agent for row in rows],
        )
