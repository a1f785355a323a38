"""Agents that call agents: each works in a run of its own, and the caller waits without holding anything."""

import pytest

from mainspring import Agent, tool, use
from mainspring.core import Budget, FakeClock
from mainspring.core.errors import BudgetError, ModelUnavailable, RunCancelled, RunWaiting
from mainspring.core.events import CancelAsked, ChildCalled, ChildEnded, Submitted, ToolReturned
from mainspring.runs import Query, Runs
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import agent, crash, faulty, opened, parked

TASK = use("digger", task="dig here")


@tool(effect="money", approval=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


def boss(digger: Agent, *lines: object) -> Agent:
    """Make an agent that hands a task to another one."""
    return agent([*(lines or (TASK,)), "done"], digger.as_tool(description="Digs."), name="boss")


async def children(runs: Runs, run: str) -> list[str]:
    """Give the ids of the runs that a run has begun."""
    return [row.id for row in await runs.find(Query(parent=run))]


async def test_another_agents_answer_is_what_the_tool_returns() -> None:
    digger = agent(["found a coin"], name="digger", instructions="Dig.")
    async with opened() as runs:
        run = await runs.start(boss(digger), "go", priority=3)
        result = await run.result()
        (child,) = await children(runs, run.id)
        row = await runs.row(child)
        below = await (await runs.get(child)).result()
    assert [item.result.text for item in only(ToolReturned, result.events)] == ["found a coin"]
    assert [message.text for message in asked(digger)[0].messages] == ["Dig.", "dig here"]
    assert (row.parent, row.agent, row.priority, row.status) == (run.id, "digger", 3, "finished")
    assert only(Submitted, below.events)[0].parent == run.id
    assert [(item.run, item.output) for item in only(ChildEnded, result.events)] == [(child, "found a coin")]


async def test_a_runs_usage_holds_that_of_the_runs_it_began() -> None:
    digger = agent([use("add", a=1, b=2), "found"], add, name="digger")
    async with opened() as runs:
        run = await runs.start(boss(digger), "go")
        result = await run.result()
        (child,) = await children(runs, run.id)
        below = await (await runs.get(child)).result()
    assert (below.usage.model_calls, below.usage.tool_calls) == (2, 1)
    assert (result.usage.model_calls, result.usage.tool_calls) == (4, 2)
    assert result.usage.input_tokens > below.usage.input_tokens > 0


async def test_a_run_alone_and_one_in_a_store_tell_the_same() -> None:
    helper = boss(agent(["found a coin"], name="digger"))
    alone = await helper.run("go")
    async with opened() as runs:
        kept = await (await runs.start(helper, "go")).result()
    assert (kept.output, kept.messages, kept.usage) == (alone.output, alone.messages, alone.usage)


async def test_another_agents_failure_is_an_observation() -> None:
    helper = boss(agent([ModelUnavailable("down")], name="digger"))
    async with opened() as runs:
        result = await (await runs.start(helper, "go")).result()
    (returned,) = only(ToolReturned, result.events)
    assert returned.result.is_error
    assert returned.result.text == "ModelUnavailable: down"
    assert result.output == "done"


async def test_agents_that_are_called_may_call_others() -> None:
    lowest = agent(["a coin"], name="lowest")
    digger = agent(
        [use("lowest", task="deeper"), lambda request: f"found {request.messages[-1].text}"],
        lowest.as_tool(description="Digs deeper."),
        name="digger",
    )
    async with opened() as runs:
        run = await runs.start(boss(digger), "go")
        result = await run.result()
        (child,) = await children(runs, run.id)
        assert len(await children(runs, child)) == 1
    assert [item.result.text for item in only(ToolReturned, result.events)] == ["found a coin"]
    assert (result.usage.model_calls, result.usage.tool_calls) == (5, 2)


async def test_several_are_called_side_by_side_and_each_has_a_run_of_its_own() -> None:
    digger = agent([lambda request: request.messages[-1].text.upper()], name="digger")
    calls = [use("digger", task=f"dig {n}") for n in range(5)]
    async with opened() as runs:
        run = await runs.start(boss(digger, calls), "go")
        result = await run.result()
        assert len(await children(runs, run.id)) == 5
    assert [item.text for item in result.messages[2].results] == [f"DIG {n}" for n in range(5)]


async def test_all_of_a_family_draw_on_one_budget() -> None:
    digger = agent([use("add", a=1, b=2), "found"], add, name="digger")
    async with opened() as runs:
        run = await runs.start(boss(digger), "go", budget=Budget(model_calls=10, tool_calls=10))
        result = await run.result()
        balance = await runs.balance(f"run:{run.id}")
        (child,) = await children(runs, run.id)
        assert (await runs.row(child)).budgets == (f"run:{run.id}",)
    assert balance.spent["model_calls"] == result.usage.model_calls == 4
    assert balance.spent["tool_calls"] == result.usage.tool_calls == 2
    assert set(balance.reserved.values()) == {0}


async def test_a_child_that_meets_the_end_of_the_budget_fails_and_its_parent_is_told() -> None:
    digger = agent([use("add", a=1, b=2), "found"], add, name="digger")
    async with opened() as runs:
        run = await runs.start(boss(digger), "go", budget=Budget(model_calls=2))
        with pytest.raises(BudgetError, match="0 model calls left"):
            await run.result()
        result = await (await runs.resume(run.id, budget=Budget(model_calls=3))).result()
    (returned,) = only(ToolReturned, result.events)
    assert returned.result.is_error
    assert returned.result.text.startswith(f"BudgetError: budget 'run:{run.id}' has 0 model calls left")
    assert result.usage.model_calls == 3


async def test_a_child_is_begun_once_however_often_its_parent_comes_by() -> None:
    clock, digger = FakeClock(1000.0), agent(["found a coin"], name="digger")
    helper = boss(digger)
    async with faulty() as store:
        run_id = await crash(store, clock, helper, lambda event: isinstance(event, ChildEnded))
        async with opened(store, helper, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
            found = await children(runs, run_id)
    assert [item.run for item in only(ChildEnded, result.events)] == found
    assert len(only(ChildCalled, result.events)) == 1
    assert len(asked(digger)) == 1


async def test_a_child_that_waits_for_a_human_parks_both_and_the_answer_brings_both_on() -> None:
    digger = agent([use("pay", amount=3), "found a coin"], pay, name="digger")
    async with opened() as runs:
        run = await runs.start(boss(digger), "go")
        with pytest.raises(RunWaiting, match=r"May pay\(amount=3\) be called"):
            await run.result()
        await parked(run)
        (child,) = await children(runs, run.id)
        assert (await runs.row(child)).status == "waiting"
        (question,) = await run.pending()
        assert question.run == child
        await runs.inbox.approve(question.id, by="me")
        assert (await run.result()).output == "done"


async def test_cancelling_a_run_cancels_those_it_waits_for() -> None:
    lowest = agent([use("pay", amount=3), "paid"], pay, name="lowest")
    digger = agent([use("lowest", task="x"), "found"], lowest.as_tool(description="Deeper."), name="digger")
    async with opened() as runs:
        run = await runs.start(boss(digger), "go")
        async for _ in run.stream():
            pass
        await run.cancel(by="me")
        with pytest.raises(RunCancelled):
            await run.result()
        assert {row.status for row in await runs.find()} == {"cancelled"}
        for row in await runs.find():
            assert [item.by for item in only(CancelAsked, await (await runs.get(row.id)).events())] == ["me"]
        assert await runs.inbox.pending() == []


async def test_however_many_runs_one_waits_for_all_are_cancelled_with_it() -> None:
    digger = agent([use("pay", amount=3), "paid"], pay, name="digger")
    calls = [use("digger", task=f"dig {n}") for n in range(101)]
    async with opened() as runs:
        run = await runs.start(boss(digger, calls), "go")
        async for _ in run.stream():
            pass
        await run.cancel()
        assert {row.status for row in await runs.find(Query(limit=1000))} == {"cancelled"}


async def test_a_child_that_is_cancelled_alone_is_an_observation() -> None:
    digger = agent([use("pay", amount=3), "paid"], pay, name="digger")
    async with opened() as runs:
        run = await runs.start(boss(digger), "go")
        async for _ in run.stream():
            pass
        (child,) = await children(runs, run.id)
        await runs.cancel(child)
        result = await run.result()
    assert result.output == "done"
    assert [item.result.text for item in only(ToolReturned, result.events)] == ["RunCancelled: it was cancelled"]


@tool(effect="none")
def add(a: int, b: int) -> int:
    """Add."""
    return a + b
