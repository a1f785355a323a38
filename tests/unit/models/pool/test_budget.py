"""Runs whose model is a pool: what is held back, what is spent, and what has to be known before."""

import asyncio
from decimal import Decimal

import pytest

from mainspring import Agent, Sampling
from mainspring.core import Budget
from mainspring.core.errors import BudgetError, ConfigError
from mainspring.models.prices import Rates
from tests.unit.models.pool.serving import hurried, pooled
from tests.unit.models.wire import HANG, Serve, answer, completion
from tests.unit.runs.making import WORDS, opened

PRICE = Rates(input=Decimal(1000), output=Decimal(2000))
USAGE = {"prompt_tokens": 1000, "completion_tokens": 10}
DONE = answer(completion("done", usage=USAGE))
FEW = Sampling(max_output_tokens=50)


@pytest.mark.parametrize(("hedge", "n_calls"), [("p90", 2), (None, 1)])
async def test_as_many_calls_are_held_back_as_may_be_sent(serve: Serve, hedge: str | None, n_calls: int) -> None:
    go = asyncio.Event()
    wire = await serve([go, DONE])
    model = pooled(wire, await serve(), hedge=hedge, prices=(PRICE, PRICE))
    async with opened() as runs:
        run = await runs.start(Agent("helper", model=model, sampling=FEW), WORDS, budget=Budget(model_calls=5))
        await wire.was_asked.wait()
        held = (await runs.balance(f"run:{run.id}")).reserved
        go.set()
        await run.result()
        balance = await runs.balance(f"run:{run.id}")
    assert (held["model_calls"], held["output_tokens"]) == (n_calls, n_calls * 50)
    assert balance.spent["model_calls"] == 1
    assert not any(balance.reserved.values())


async def test_what_both_calls_cost_is_spent(serve: Serve) -> None:
    model = hurried(pooled(await serve(HANG), await serve(DONE), hedge="p90", prices=(PRICE, PRICE)))
    async with opened() as runs:
        agent = Agent("helper", model=model, sampling=FEW)
        run = await runs.start(agent, WORDS, budget=Budget(usd=Decimal(1000), model_calls=5))
        result = await run.result()
        spent = (await runs.balance(f"run:{run.id}")).spent
    assert (spent["model_calls"], spent["input_tokens"]) == (2, 2000)
    assert result.usage.cost_usd is not None
    assert Decimal(spent["usd"]) / 10**9 == result.usage.cost_usd > Decimal(2)


async def test_a_budget_for_one_call_does_not_cover_one_that_may_be_sent_twice(serve: Serve) -> None:
    wire = await serve(DONE)
    async with opened() as runs:
        agent = Agent("helper", model=pooled(wire, await serve(), hedge="p90", prices=(PRICE, PRICE)), sampling=FEW)
        run = await runs.start(agent, WORDS, budget=Budget(model_calls=1))
        with pytest.raises(BudgetError, match="1 model call"):
            await run.result()
    assert wire.asked == []


async def test_a_budget_in_dollars_needs_the_price_of_every_member(serve: Serve) -> None:
    agent = Agent("helper", model=pooled(await serve(), await serve(), prices=(PRICE, None)), sampling=FEW)
    async with opened() as runs:
        with pytest.raises(ConfigError, match="nobody knows what model 'fast' costs"):
            await runs.start(agent, WORDS, budget=Budget(usd=Decimal(1)))
