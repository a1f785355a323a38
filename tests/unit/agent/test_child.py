"""An agent as a tool of another one, in a run without a store: its answer is what is observed, or its failure."""

import asyncio

import pytest
from pydantic import BaseModel

from mainspring import Prompt, tool, use
from mainspring.core import SeededRng
from mainspring.core.errors import ConfigError, ModelUnavailable, NobodyToAsk, RunCancelled
from mainspring.core.events import ChildCalled, ChildEnded, ToolReturned
from tests.unit.agent.making import agent, asked, only

TASK = use("digger", task="dig here")


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


async def test_another_agents_answer_is_what_its_tool_returns() -> None:
    digger = agent(["found a coin"], instructions="Dig.", rng=SeededRng(1))
    boss = agent([TASK, "done"], digger.as_tool(name="digger", description="Digs."))
    result = await boss.run("go")
    assert [message.text for message in asked(digger)[0].messages] == ["Dig.", "dig here"]
    assert asked(boss)[1].messages[-1].text == "found a coin"
    (called,) = only(ChildCalled, result.events)
    assert (called.key, called.agent, called.input) == ("wait:0:call_0_0", "helper", "dig here")
    (ended,) = only(ChildEnded, result.events)
    assert (ended.output, ended.error) == ("found a coin", None)
    assert ended.run != result.run_id


class Hole(BaseModel):
    """Where to dig."""

    where: str
    depths_cm: list[int]


async def test_a_task_of_fields_is_checked_and_told_a_line_each() -> None:
    digger = agent(["found a coin"])
    dig = digger.as_tool(name="digger", description="Digs.", task=Hole)
    assert dig.spec.description == "Digs."
    assert dig.spec.parameters["required"] == ["where", "depths_cm"]
    boss = agent([use("digger", where="here"), use("digger", where="here", depths_cm=[10, 20]), "done"], dig)
    await boss.run("go")
    assert "depths_cm: Field required" in asked(boss)[1].messages[-1].text
    assert asked(boss)[2].messages[-1].text == "found a coin"
    assert [call.messages[-1].text for call in asked(digger)] == ["where: here\ndepths_cm: [10,20]"]


async def test_what_the_other_agent_used_counts_as_used() -> None:
    digger = agent([use("add", a=1, b=2), "found a coin"], add)
    boss = agent([TASK, "done"], digger.as_tool(name="digger", description="Digs."))
    result = await boss.run("go")
    assert (result.usage.model_calls, result.usage.tool_calls) == (4, 2)
    (returned,) = only(ToolReturned, result.events)
    assert (returned.usage.model_calls, returned.usage.tool_calls) == (2, 2)


async def test_what_the_other_agent_used_counts_where_it_failed_too() -> None:
    digger = agent([use("add", a=1, b=2), ModelUnavailable("down")], add)
    boss = agent([TASK, "done"], digger.as_tool(name="digger", description="Digs."))
    result = await boss.run("go")
    assert (result.usage.model_calls, result.usage.tool_calls) == (3, 2)


@pytest.mark.parametrize(
    ("script", "told"),
    [([ModelUnavailable("down")], "ModelUnavailable: down"), ([use("add", a=1, b=2)], "ModelError: the script of")],
)
async def test_another_agents_failure_is_an_error_the_model_can_read(script: list[object], told: str) -> None:
    boss = agent([TASK, "done"], agent(script, add).as_tool(name="digger", description="Digs."))
    result = await boss.run("go")
    assert result.output == "done"
    (returned,) = only(ToolReturned, result.events)
    assert returned.result.is_error
    assert returned.result.text.startswith(told)


async def test_an_agent_that_nobody_can_answer_fails_alone() -> None:
    @tool(effect="money", approval=True)
    def pay() -> str:
        """Pay."""
        return "paid"

    boss = agent([TASK, "done"], agent([use("pay")], pay).as_tool(name="digger", description="Digs."))
    result = await boss.run("go")
    assert asked(boss)[1].messages[-1].text.startswith(f"{NobodyToAsk.__name__}: a human has to answer")
    assert result.output == "done"


async def test_agents_that_are_called_may_call_others() -> None:
    lowest = agent(["a coin"])
    digger = agent(
        [use("lowest", task="deeper"), "found"], lowest.as_tool(name="lowest", description="Digs deeper.")
    )
    boss = agent([TASK, "done"], digger.as_tool(name="digger", description="Digs."))
    assert (await boss.run("go")).usage.model_calls == 5
    assert asked(lowest)[0].messages[-1].text == "deeper"


async def test_several_tasks_are_worked_on_side_by_side() -> None:
    meeting = asyncio.Barrier(3)

    @tool(timeout_s=30)
    async def meet() -> str:
        """Wait for the others."""
        await meeting.wait()
        return "met"

    def say(request: object) -> object:
        return use("meet")

    diggers = [agent([say, f"found {n}"], meet).as_tool(name=f"digger{n}", description="Digs.") for n in range(3)]
    boss = agent([[use(f"digger{n}", task="dig") for n in range(3)], "done"], *diggers)
    await boss.run("go")
    assert [item.text for item in asked(boss)[1].messages[-1].results] == ["found 0", "found 1", "found 2"]


async def test_a_task_that_is_no_task_is_told_to_the_model_and_nobody_works() -> None:
    digger = agent(["found a coin"])
    boss = agent([use("digger", where="here"), "done"], digger.as_tool(name="digger", description="Digs."))
    result = await boss.run("go")
    assert "Wrong arguments for digger: task" in asked(boss)[1].messages[-1].text
    assert only(ChildCalled, result.events) == []
    assert asked(digger) == []


async def test_cancelling_a_run_stops_the_agents_it_waits_for() -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    @tool
    async def work() -> str:
        """Work."""
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return "never"

    run = agent([TASK], agent([use("work")], work).as_tool(name="digger", description="Digs.")).start("go")
    await begun.wait()
    run.cancel()
    with pytest.raises(RunCancelled):
        await run
    assert stopped.is_set()


def test_the_tool_is_named_after_the_agent_and_described_by_its_prompt_unless_something_else_is_said() -> None:
    prompt = Prompt("Dig.", description="Digs for coins.")
    plain = agent([], prompt=prompt).as_tool()
    assert (plain.name, plain.spec.description) == ("helper", "Digs for coins.")
    other = agent([], prompt=prompt).as_tool(name="digger", description="Digs.")
    assert (other.name, other.spec.description) == ("digger", "Digs.")
    assert list(other.spec.parameters["properties"]) == ["task"]  # type: ignore[arg-type]  # it is an object
    assert other.annotation.authority == frozenset()


def test_an_agent_that_nothing_is_said_about_cannot_be_a_tool() -> None:
    with pytest.raises(ConfigError, match=r"agent 'helper' has no description.*as_tool\(description="):
        agent([], instructions="Dig.").as_tool()
