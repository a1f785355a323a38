"""Teams whose process dies: each goes on to the answer it would have come to, and nobody's work is begun twice."""

from collections import Counter
from collections.abc import Callable

import pytest

from mainspring import Agent, ToolError, use
from mainspring.core import Answer, Event, FakeClock, Request
from mainspring.core.events import ChildCalled, ChildEnded, Finished
from mainspring.models.scripted import Line
from mainspring.runs import Runs
from mainspring.teams import debate, handoff, parallel, planned, review, router, supervisor
from tests.unit.runs.making import crash, faulty, opened, plays

PLAN = Answer(
    value={
        "steps": [
            {"id": "a", "tool": "one", "arguments": {"task": "first"}},
            {"id": "b", "tool": "two", "arguments": {"task": "{a}"}, "after": ["a"]},
        ]
    }
)


def worker(name: str, *lines: Line) -> Agent:
    """Make a member that says the same in each of its runs."""
    return Agent(name, model=plays(lines), description=f"Knows {name}.")


def planning(request: Request) -> Line:
    """Plan, or answer."""
    return PLAN if request.options.answer else "done"


TEAMS: dict[str, Callable[[], Agent]] = {
    "supervisor": lambda: supervisor(
        "team",
        [worker("one", "1"), worker("two", "2")],
        model=plays([[use("one", task="a"), use("two", task="b")], "done"]),
    ),
    "router": lambda: router(
        "team", [worker("one", "1"), worker("two", "done")], model=plays([Answer(value="two")])
    ),
    "handoff": lambda: Agent(
        "team", model=plays([use("to_one", reason="r")]), tools=[handoff(worker("one", "done"))]
    ),
    "parallel": lambda: parallel("team", [worker("one", "1"), worker("two", "2")], join=worker("editor", "done")),
    "review": lambda: review("team", worker("author", "done"), worker("critic", "bad"), rounds=1),
    "debate": lambda: debate("team", [worker("yes", "y"), worker("no", ToolError("no"))], worker("judge", "done")),
    "planned": lambda: planned("team", [worker("one", "1"), worker("two", "2")], model=plays([planning])),
}


async def who_worked(runs: Runs) -> Counter[tuple[str, str]]:
    """Count the runs of each agent, by how they ended."""
    return Counter((row.agent, row.status) for row in await runs.find())


@pytest.mark.parametrize("moment", [ChildCalled, ChildEnded, Finished])
@pytest.mark.parametrize("pattern", TEAMS)
async def test_a_team_that_is_killed_goes_on_to_its_answer_and_begins_nothing_twice(
    pattern: str, moment: type[Event]
) -> None:
    async with opened(":memory:") as runs:
        assert (await (await runs.start(TEAMS[pattern](), "go")).result()).output == "done"
        undisturbed = await who_worked(runs)

    clock = FakeClock(1000.0)
    async with faulty() as store:
        run = await crash(store, clock, TEAMS[pattern](), lambda event: isinstance(event, moment))
        async with opened(store, TEAMS[pattern](), clock=clock, seed=1) as runs:
            assert (await (await runs.get(run)).result()).output == "done"
            assert await who_worked(runs) == undisturbed
            assert (await runs.replay(run)).divergence is None
