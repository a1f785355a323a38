"""Budgets: asked before spending, exact afterwards, and what happens when they are not enough."""

from decimal import Decimal

import pytest

from mainspring import Agent, Sampling, tool, use
from mainspring.core import BUDGET_FIELDS, Budget, BudgetField, FakeClock, Usage
from mainspring.core.errors import BudgetError, ConfigError
from mainspring.core.events import BudgetExceeded, BudgetRaised, Failed, ModelCalled
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import PRICE, WORDS, Held, Tally, agent, opened, plays

LINES = [use("work"), use("work"), "done"]


def working(tally: Tally | None = None) -> Agent:
    """Make an agent whose calls cost something."""

    @tool(effect="none")
    async def work() -> str:
        """Work."""
        if tally is not None:
            tally.count()
        return f"worked, call {0 if tally is None else len(tally.keys)}"

    return agent(LINES, work, model=plays(LINES, price=PRICE), sampling=Sampling(max_output_tokens=50))


NEEDED: dict[BudgetField, tuple[float, float]] = {
    "model_calls": (2, 3),
    "tool_calls": (1, 2),
    "input_tokens": (4500, 20_000),
    "output_tokens": (49, 150),
    "usd": (4, 20),
}
"""Too little, and enough."""


@pytest.mark.parametrize("name", list(NEEDED))
async def test_a_budget_that_is_enough_changes_nothing_and_one_that_is_not_ends_the_run(name: BudgetField) -> None:
    scarce, enough = NEEDED[name]
    async with opened() as runs:
        run = await runs.start(working(), WORDS, budget=Budget.model_validate({name: enough}))
        assert (await run.result()).output == "done"
        run = await runs.start(working(), WORDS, budget=Budget.model_validate({name: scarce}))
        with pytest.raises(BudgetError, match=f"budget 'run:{run.id}' has .* left, and .* may take"):
            await run.result()
        (exceeded,) = only(BudgetExceeded, await run.events())
        assert (exceeded.field, exceeded.action, exceeded.budget) == (name, "stop", f"run:{run.id}")
        (failed,) = only(Failed, await run.events())
        assert failed.error == "BudgetError"


@pytest.mark.parametrize("name", BUDGET_FIELDS)
async def test_nothing_is_nothing(name: BudgetField) -> None:
    tally = Tally()
    worker = working(tally)
    async with opened() as runs:
        run = await runs.start(worker, WORDS, budget=Budget.model_validate({name: 0}))
        with pytest.raises(BudgetError, match="has 0 "):
            await run.result()
        assert not any((await runs.balance(f"run:{run.id}")).reserved.values())
    assert tally.keys == []
    assert len(asked(worker)) == (1 if name == "tool_calls" else 0)


async def test_a_run_that_ran_out_goes_on_with_more_and_repeats_nothing() -> None:
    tally = Tally()
    worker = working(tally)
    async with opened() as runs:
        run = await runs.start(worker, WORDS, budget=Budget(model_calls=2, tool_calls=9))
        with pytest.raises(BudgetError, match="0 model calls left"):
            await run.result()
        await runs.resume(run.id, by="me")
        with pytest.raises(BudgetError, match="0 model calls left"):
            await run.result()
        await runs.resume(run.id, by="me", budget=Budget(model_calls=3))
        result = await run.result()
        balance = await runs.balance(f"run:{run.id}")
    assert result.output == "done"
    assert len(asked(worker)) == 3
    assert len(tally.keys) == 2
    assert [item.budget for item in only(BudgetRaised, result.events)] == [Budget(model_calls=3, tool_calls=9)]
    assert (balance.budget, balance.spent["model_calls"]) == (Budget(model_calls=3, tool_calls=9), 3)


async def test_a_run_without_a_budget_of_its_own_cannot_be_given_more() -> None:
    async with opened() as runs:
        await runs.share_budget("team", Budget(model_calls=1))
        run = await runs.start(working(), WORDS, charge=["team"])
        with pytest.raises(BudgetError, match="'team'"):
            await run.result()
        with pytest.raises(ConfigError, match="has no budget of its own; it draws on team"):
            await runs.resume(run.id, budget=Budget(model_calls=3))
        await runs.share_budget("team", Budget(model_calls=3))
        assert (await (await runs.resume(run.id)).result()).output == "done"


async def test_the_worst_case_is_held_back_while_the_model_is_asked_and_the_truth_stands_afterwards() -> None:
    model = Held(["done"], price=PRICE)
    worker = agent([], model=model, sampling=Sampling(max_output_tokens=50))
    async with opened() as runs:
        run = await runs.start(worker, WORDS, budget=Budget(usd=Decimal(100), model_calls=5))
        await model.begun.wait()
        held = (await runs.balance(f"run:{run.id}")).reserved
        model.go.set()
        result = await run.result()
        balance = await runs.balance(f"run:{run.id}")
    worst_usd = (held["input_tokens"] * PRICE.input + held["output_tokens"] * PRICE.output) / 1_000_000
    assert held["output_tokens"] == 50
    assert held["input_tokens"] > result.usage.input_tokens
    assert held["model_calls"] == 1
    assert Decimal(held["usd"]) / 10**9 == worst_usd
    assert set(balance.reserved.values()) == {0}
    assert result.usage.cost_usd is not None
    assert Decimal(balance.spent["usd"]) / 10**9 == result.usage.cost_usd
    assert balance.spent["input_tokens"] == result.usage.input_tokens
    assert balance.spent["output_tokens"] == result.usage.output_tokens


async def test_what_a_run_spent_is_what_its_usage_says() -> None:
    async with opened() as runs:
        run = await runs.start(working(), WORDS, budget=Budget(usd=Decimal(100)))
        usage = (await run.result()).usage
        balance = await runs.balance(f"run:{run.id}")
    assert usage.cost_usd is not None
    assert usage.cost_usd > 0
    assert Decimal(balance.spent["usd"]) / 10**9 == usage.cost_usd
    assert (
        (balance.spent["model_calls"], balance.spent["tool_calls"])
        == (usage.model_calls, usage.tool_calls)
        == (3, 2)
    )
    assert not any(balance.reserved.values())


async def test_a_budget_in_dollars_and_a_model_without_a_price_are_refused_before_anything_is_spent() -> None:
    def unknown(usage: Usage) -> None:
        return None

    worker = agent(["done"], model=plays(["done"], price=unknown))
    async with opened() as runs:
        with pytest.raises(ConfigError, match="nobody knows what model 'scripted' costs"):
            await runs.start(worker, WORDS, budget=Budget(usd=Decimal(1)))
        await runs.share_budget("team", Budget(usd=Decimal(1)))
        with pytest.raises(ConfigError, match="nobody knows what model 'scripted' costs"):
            await runs.start(worker, WORDS, charge=["team"])
        assert await runs.find() == []
        run = await runs.start(worker, WORDS, budget=Budget(model_calls=1))
        assert (await run.result()).usage.cost_usd is None
    assert len(asked(worker)) == 1


async def test_a_budget_in_dollars_that_comes_later_is_refused_as_well_without_a_price() -> None:
    def unknown(usage: Usage) -> None:
        return None

    worker = agent(["done"], model=plays(["done"], price=unknown))
    async with opened() as runs:
        run = await runs.start(worker, WORDS, budget=Budget(model_calls=0))
        with pytest.raises(BudgetError):
            await run.result()
        await runs.resume(run.id, budget=Budget(model_calls=1, usd=Decimal(0)))
        with pytest.raises(ConfigError, match="nobody knows what model 'scripted' costs"):
            await run.result()
    assert asked(worker) == []


@pytest.mark.parametrize(
    ("budget", "own", "bound"),
    [
        (Budget(usd=Decimal(100)), None, 4096),
        (Budget(output_tokens=10_000), None, 4096),
        (Budget(usd=Decimal(100)), 50, 50),
        (Budget(model_calls=1), None, 4096),
        (None, None, None),
    ],
)
async def test_the_length_of_replies_is_bounded_under_a_budget(
    budget: Budget | None, own: int | None, bound: int | None
) -> None:
    worker = agent(["done"], model=plays(["done"], price=PRICE), sampling=Sampling(max_output_tokens=own))
    async with opened() as runs:
        result = await (await runs.start(worker, WORDS, budget=budget)).result()
    assert [called.sampling.max_output_tokens for called in only(ModelCalled, result.events)] == [bound]
    assert asked(worker)[0].sampling.max_output_tokens == bound


async def test_a_budget_of_no_limits_limits_nothing() -> None:
    async with opened() as runs:
        run = await runs.start(working(), WORDS, budget=Budget())
        assert (await run.result()).output == "done"
        assert (await runs.balance(f"run:{run.id}")).spent["model_calls"] == 3
        with pytest.raises(ConfigError, match="there is no budget 'nosuch'"):
            await runs.balance("nosuch")


async def test_the_seconds_of_work_are_counted_and_those_of_waiting_are_not() -> None:
    clock = FakeClock(1000.0)

    @tool(effect="none")
    async def work(seconds: float) -> str:
        """Work."""
        clock.advance(seconds)
        return f"worked {seconds}"

    @tool(effect="money", approval=True)
    async def pay() -> str:
        """Pay."""
        return "paid"

    worker = agent([use("work", seconds=3), use("pay"), use("work", seconds=4), "done"], work, pay)
    async with opened(clock=clock) as runs:
        run = await runs.start(worker, WORDS, budget=Budget(wall_s=5))
        async for _ in run.stream():
            pass
        (question,) = await run.pending()
        clock.advance(100_000.0)
        await runs.inbox.approve(question.id, by="me")
        with pytest.raises(BudgetError, match="seconds of work left"):
            await run.result()
        assert (await runs.balance(f"run:{run.id}")).spent["wall_s"] == 7000
        result = await (await runs.resume(run.id, budget=Budget(wall_s=8))).result()
    assert result.output == "done"


async def test_a_model_that_takes_longer_than_is_left_is_cut_off() -> None:
    model = Held(["late", "done"])
    async with opened() as runs:
        run = await runs.start(agent([], model=model), WORDS, budget=Budget(wall_s=0.05))
        with pytest.raises(BudgetError, match="seconds of work"):
            await run.result()
        assert not any((await runs.balance(f"run:{run.id}")).reserved.values())
        model.go.set()
        await runs.resume(run.id, budget=Budget(wall_s=60))
        assert (await run.result()).output == "late"
