"""Budgets that many runs draw on at once, and those that are whole again when a window of time begins."""

import asyncio
from decimal import Decimal

import pytest

from mainspring import Sampling, tool, use
from mainspring.core import Budget, FakeClock
from mainspring.core.errors import BudgetError
from tests.unit.agent.making import asked
from tests.unit.runs.making import PRICE, WORDS, Held, agent, opened, plays


async def test_many_runs_that_draw_on_one_budget_at_once_never_overdraw_it() -> None:
    async with opened() as runs:
        await runs.share_budget("team", Budget(model_calls=10))
        worker = agent(["done"])
        handed_in = [await runs.start(worker, WORDS, charge=["team"]) for _ in range(30)]
        came_of = await asyncio.gather(*(run.result() for run in handed_in), return_exceptions=True)
        balance = await runs.balance("team")
    assert sum(isinstance(item, BudgetError) for item in came_of) == 20
    assert balance.spent["model_calls"] == 10
    assert not any(balance.reserved.values())
    assert len(asked(worker)) == 10


async def test_dollars_are_never_overdrawn_either() -> None:
    worker = agent(["done"], model=plays(["done"], price=PRICE), sampling=Sampling(max_output_tokens=50))
    async with opened() as runs:
        await runs.share_budget("team", Budget(usd=Decimal(12)))
        handed_in = [await runs.start(worker, WORDS, charge=["team"]) for _ in range(20)]
        await asyncio.gather(*(run.result() for run in handed_in), return_exceptions=True)
        balance = await runs.balance("team")
    assert 0 < balance.spent["usd"] <= 12 * 10**9
    assert balance.left("usd") == 12 * 10**9 - balance.spent["usd"]


async def test_a_daily_budget_is_whole_again_at_midnight() -> None:
    clock, worker = FakeClock(86_400.0 * 3 - 10), agent(["done"])
    async with opened(clock=clock) as runs:
        await runs.share_budget("team", Budget(model_calls=1), window="day")
        await (await runs.start(worker, WORDS, charge=["team"])).result()
        with pytest.raises(BudgetError, match="'team' has 0 model calls left"):
            await (await runs.start(worker, WORDS, charge=["team"])).result()
        clock.advance(9.0)
        assert (await runs.balance("team")).left("model_calls") == 0
        clock.advance(1.0)
        assert (await runs.balance("team")).left("model_calls") == 1
        await (await runs.start(worker, WORDS, charge=["team"])).result()
        assert (await runs.balance("team")).left("model_calls") == 0


async def test_seconds_of_a_daily_budget_that_were_worked_yesterday_do_not_cut_a_model_off_today() -> None:
    clock = FakeClock(86_400.0 * 3 - 10)

    @tool(effect="none")
    async def work() -> str:
        """Work."""
        clock.advance(5.0)
        return "worked"

    worker = agent([use("work"), "done"], work)
    async with opened(clock=clock) as runs:
        await runs.share_budget("team", Budget(wall_s=5), window="day")
        with pytest.raises(BudgetError, match="seconds of work left"):
            await (await runs.start(worker, WORDS, charge=["team"])).result()
        clock.advance(10.0)
        model = Held(["done"])
        run = await runs.start(agent([], model=model, name="other"), WORDS, charge=["team"])
        await model.begun.wait()
        model.go.set()
        assert (await run.result()).output == "done"
