"""Teams of teams in a store: circles end, budgets hold at each level, who was not needed holds nothing back."""

import pytest

from mainspring import Agent, Budget, ScriptedModel, use, wait_for
from mainspring.agent.child import MAX_DEPTH
from mainspring.core import FakeClock, Request
from mainspring.core.errors import RunCancelled
from mainspring.core.events import ChildEnded
from mainspring.models.scripted import Line
from mainspring.runs import Query, Runs
from mainspring.teams import parallel, supervisor
from mainspring.tools import ask_human
from tests.unit.runs.making import opened
from tests.unit.teams.making import member

ENOUGH = Budget(model_calls=100)


def passing_on(to: str) -> ScriptedModel:
    """Make a model that hands every task on, and repeats what comes back."""

    def line(request: Request) -> Line:
        last = request.messages[-1]
        return last.text if last.role == "tool" else use(to, task="you do it")

    return ScriptedModel([line] * 40)


async def held_back(runs: Runs) -> int:
    """Add up what the budgets of all runs hold back."""
    ids = [f"run:{row.id}" for row in await runs.find(Query(limit=1000))]
    return sum(sum(map(abs, balance.reserved.values())) for balance in (await runs.store.balances(ids)).values())


async def test_three_teams_that_delegate_in_a_circle_come_to_an_end_and_are_told_why() -> None:
    nobody = member("nobody")
    sales = supervisor("sales", [nobody], model=passing_on("stock"), description="Sells.")
    stock = supervisor("stock", [nobody], model=passing_on("care"), description="Stores.")
    care = supervisor("care", [sales], model=passing_on("sales"), description="Cares.")
    sales.tools, stock.tools = {"stock": stock.as_tool()}, {"care": care.as_tool()}
    async with opened() as runs:
        run = await runs.start(sales, "Who does it?", budget=ENOUGH)
        result = await run.result()
        rows = await runs.find()
        assert (
            result.output == f"RunTooDeep: agent 'care' was not asked: {MAX_DEPTH} runs wait for each other already"
        )
        assert [row.status for row in rows] == ["finished"] * MAX_DEPTH
        assert {row.agent for row in rows} == {"sales", "stock", "care"}
        assert result.usage.model_calls == 2 * MAX_DEPTH
        assert await held_back(runs) == 0
        assert (await runs.replay(run.id)).divergence is None


async def test_a_supervisor_whose_own_part_is_spent_below_it_is_told_as_a_failure_and_the_rest_is_left() -> None:
    busy: list[Line] = [use("leaf", task=f"task {n}") for n in range(10)]
    leaf = Agent("leaf", model=ScriptedModel(["done"] * 10), description="Works.")
    inner = supervisor("inner", [leaf], model=ScriptedModel(busy), description="Hands out.")
    outer = supervisor(
        "outer",
        [inner.as_tool(budget=Budget(model_calls=5))],
        model=ScriptedModel([use("inner", task="everything"), "it was too much"]),
    )
    async with opened() as runs:
        run = await runs.start(outer, "Do everything.", budget=Budget(model_calls=7))
        result = await run.result()
        (told,) = [event.error for event in result.events if isinstance(event, ChildEnded)]
        assert result.output == "it was too much"
        assert told is not None
        assert told.startswith("BudgetError")
        assert result.usage.model_calls == 7  # two of its own, and the five that its member may use
        (spent,) = (await runs.store.balances([f"run:{run.id}"])).values()
        assert spent.spent["model_calls"] == 7
        assert await held_back(runs) == 0


async def test_who_is_not_needed_any_more_ends_and_holds_back_nothing_of_the_budget() -> None:
    slow = member("slow", use("wait", seconds=3600), "late", tools=[wait_for()])
    team = parallel("team", [slow.as_tool(budget=Budget(model_calls=5)), member("quick", "here")], enough=1)
    async with opened(clock=FakeClock(1000.0)) as runs:
        run = await runs.start(team, "go", budget=Budget(model_calls=10))
        assert (await run.result()).output == "here"
        (late,) = [row for row in await runs.find(Query(parent=run.id)) if row.agent == "slow"]
        with pytest.raises(RunCancelled):
            await (await runs.get(late.id)).result()
        assert await held_back(runs) == 0
        (balance,) = (await runs.store.balances([f"run:{run.id}"])).values()
        assert balance.spent["model_calls"] <= 2


async def test_the_members_of_a_member_that_is_not_needed_any_more_end_too() -> None:
    leaf = member("leaf", use("ask_human", question="leaf?"), "late", tools=[ask_human()])
    slow = supervisor("slow", [leaf], model=ScriptedModel([use("leaf", task="work"), "late"]), description="Slow.")
    quick = member("quick", use("ask_human", question="quick?"), "here", tools=[ask_human()])
    async with opened() as runs:
        run = await runs.start(parallel("team", [slow, quick], enough=1), "Be quick.")
        assert [event async for event in run.stream()]
        (asked,) = [question for question in await run.pending() if question.question == "quick?"]
        await runs.inbox.answer(asked.id, "yes", by="me")
        await run.result()
        assert {row.agent: row.status for row in await runs.find()} == {
            "team": "finished",
            "quick": "finished",
            "slow": "cancelled",
            "leaf": "cancelled",
        }
