"""What the tests of plans share: agents that say what they were asked, and waiting until a plan is somewhere."""

import asyncio
from collections.abc import Callable

from mainspring import Agent
from mainspring.core import Message, Request
from mainspring.core.events import RunStarted
from mainspring.runs import Plan, Runs
from tests.unit.agent.making import only
from tests.unit.runs.making import agent


def clerk(name: str = "clerk") -> Agent:
    """Make an agent that answers with the last words it was asked."""
    return agent([lambda request: f"did {_asked(request)}"], name=name)


async def until(runs: Runs, goal: str, holds: Callable[[Plan], bool]) -> Plan:
    """Wait until something holds of a plan, and give it."""
    async with asyncio.timeout(30):
        while not holds(plan := await runs.plans.get(goal)):
            pass
    return plan


def states(plan: Plan) -> dict[str, str]:
    """Give the states of a plan's tasks."""
    return {task.name: task.state for task in plan.tasks}


async def told(runs: Runs, run: str | None) -> tuple[Message, ...]:
    """Give what a run began with."""
    (started,) = only(RunStarted, await (await runs.get(run or "")).events())
    return started.messages


def _asked(request: Request) -> str:
    return request.messages[-1].text
