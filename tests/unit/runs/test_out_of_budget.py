"""What happens when a budget is short: a human is asked, or a cheaper model; and nothing stays held back."""

from decimal import Decimal
from typing import Any

import pytest

from mainspring import Agent, Sampling, ScriptedModel, tool, use
from mainspring.core import Budget, Event, FakeClock
from mainspring.core.errors import BudgetError, ModelTimeout, ModelUnavailable, RunCancelled, TooDear
from mainspring.core.events import BudgetExceeded, BudgetRaised, Finished, HumanAsked, ModelCalled, ModelReplied
from mainspring.models.prices import Rates
from mainspring.runs import Runs
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import PRICE, WORDS, Held, Tally, agent, crash, faulty, opened, plays, the_question

LINES = [use("work"), "done"]
CHEAP = Rates(input=Decimal(1), output=Decimal(1))


def working(tally: Tally | None = None, **settings: Any) -> Agent:
    """Make an agent whose calls cost something."""

    @tool(effect="none")
    async def work() -> str:
        """Work."""
        if tally is not None:
            tally.count()
        return "worked"

    made: dict[str, Any] = {"model": plays(LINES, price=PRICE), "sampling": Sampling(max_output_tokens=50)}
    return agent(LINES, work, **made | settings)


async def reserved(runs: Runs, run: str) -> bool:
    """Tell whether anything is held back of a run's own budget."""
    return any((await runs.balance(f"run:{run}")).reserved.values())


async def test_a_human_is_asked_for_more_and_the_run_waits() -> None:
    tally = Tally()
    worker = working(tally)
    async with opened() as runs:
        run = await runs.start(worker, WORDS, budget=Budget(model_calls=1, when_spent="ask"))
        question = await the_question(run)
        assert (question.kind, question.budget, question.verdicts) == (
            "budget",
            f"run:{run.id}",
            ("approve", "deny"),
        )
        assert "0 model calls left, and model 'scripted' may take 1. May it have more?" in question.question
        assert not await reserved(runs, run.id)
        await runs.inbox.approve(question.id, by="me", budget=Budget(model_calls=2))
        result = await run.result()
        assert (await runs.balance(f"run:{run.id}")).budget == Budget(model_calls=2, when_spent="ask")
    assert result.output == "done"
    assert (len(tally.keys), len(asked(worker))) == (1, 2)
    assert [item.by for item in only(BudgetRaised, result.events)] == ["me"]


async def test_a_yes_without_more_asks_again() -> None:
    async with opened() as runs:
        run = await runs.start(working(), WORDS, budget=Budget(model_calls=0, when_spent="ask"))
        first = await the_question(run)
        await runs.inbox.approve(first.id, by="me")
        second = await the_question(run)
        assert second.id != first.id
        await runs.inbox.approve(second.id, by="me", budget=Budget(model_calls=9))
        result = await run.result()
    assert len(only(HumanAsked, result.events)) == 2


async def test_a_no_ends_the_run_with_the_reason_and_more_lets_it_go_on() -> None:
    async with opened() as runs:
        run = await runs.start(working(), WORDS, budget=Budget(model_calls=1, when_spent="ask"))
        await runs.inbox.deny((await the_question(run)).id, by="me", reason="it was enough")
        with pytest.raises(BudgetError, match=r"a human refused more \(it was enough\)"):
            await run.result()
        await runs.resume(run.id, budget=Budget(model_calls=2))
        assert (await run.result()).output == "done"


async def test_resuming_with_more_answers_the_question() -> None:
    async with opened() as runs:
        run = await runs.start(working(), WORDS, budget=Budget(model_calls=1, when_spent="ask"))
        await the_question(run)
        await runs.resume(run.id, by="me", budget=Budget(model_calls=2))
        assert (await run.result()).output == "done"
        assert await run.pending() == []


def two_models() -> tuple[ScriptedModel, ScriptedModel]:
    """Make a dear model and a cheap one."""
    return plays(LINES, name="dear", price=PRICE), plays(LINES, name="cheap", price=CHEAP)


async def test_a_cheaper_model_is_asked_where_the_budget_does_not_cover_the_dear_one_and_from_then_on() -> None:
    dear, cheap = two_models()
    async with opened() as runs:
        worker = working(model=[dear, cheap])
        run = await runs.start(worker, WORDS, budget=Budget(usd=Decimal(1), when_spent="degrade"))
        result = await run.result()
    assert result.output == "done"
    assert (len(dear.requests), len(cheap.requests)) == (0, 2)
    assert [called.model for called in only(ModelCalled, result.events)] == ["cheap", "cheap"]
    (exceeded,) = only(BudgetExceeded, result.events)
    assert (exceeded.action, exceeded.model, exceeded.key) == ("degrade", "dear", "model:0")


async def test_the_dear_model_is_asked_as_long_as_it_is_covered() -> None:
    dear, cheap = two_models()
    async with opened() as runs:
        worker = working(model=[dear, cheap])
        await (await runs.start(worker, WORDS, budget=Budget(usd=Decimal(100), when_spent="degrade"))).result()
    assert (len(dear.requests), len(cheap.requests)) == (2, 0)


async def test_a_run_that_was_cut_off_stays_with_the_cheaper_model() -> None:
    clock, (dear, cheap) = FakeClock(1000.0), two_models()
    worker = working(model=[dear, cheap])
    budget = Budget(usd=Decimal(1), when_spent="degrade")

    def is_second_reply(event: Event) -> bool:
        return isinstance(event, ModelReplied) and event.turn == 1

    async with faulty() as store:
        run_id = await crash(store, clock, worker, is_second_reply, WORDS, budget=budget)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert result.output == "done"
    assert (len(dear.requests), len(cheap.requests)) == (0, 3)
    assert len(only(BudgetExceeded, result.events)) == 1


async def test_a_run_ends_where_no_model_is_cheap_enough_and_begins_with_the_first_when_there_is_more() -> None:
    dear, cheap = two_models()
    async with opened() as runs:
        worker = working(model=[dear, cheap])
        run = await runs.start(worker, WORDS, budget=Budget(usd=Decimal(0), when_spent="degrade"))
        with pytest.raises(TooDear, match="model 'cheap' may take"):
            await run.result()
        assert [item.model for item in only(BudgetExceeded, await run.events())] == ["dear", "cheap"]
        await runs.resume(run.id, budget=Budget(usd=Decimal(100)))
        assert (await run.result()).output == "done"
    assert (len(dear.requests), len(cheap.requests)) == (2, 0)


async def test_a_dear_model_is_tried_again_where_somebody_lets_the_run_go_on() -> None:
    dear, cheap = two_models()
    async with opened() as runs:
        await runs.share_budget("team", Budget(usd=Decimal(0), when_spent="degrade"))
        run = await runs.start(working(model=[dear, cheap]), WORDS, charge=["team"])
        with pytest.raises(TooDear):
            await run.result()
        await runs.share_budget("team", Budget(usd=Decimal(100), when_spent="degrade"))
        assert (await (await runs.resume(run.id)).result()).output == "done"
    assert (len(dear.requests), len(cheap.requests)) == (2, 0)


async def test_a_tool_call_cannot_be_had_cheaper() -> None:
    async with opened() as runs:
        worker = working(model=list(two_models()))
        run = await runs.start(worker, WORDS, budget=Budget(tool_calls=0, when_spent="degrade"))
        with pytest.raises(BudgetError, match="tool 'work' may take 1"):
            await run.result()
        assert [item.action for item in only(BudgetExceeded, await run.events())] == ["stop"]


@pytest.mark.parametrize(("error", "n_calls"), [(ModelUnavailable("down"), 0), (ModelTimeout("too slow"), 1)])
async def test_after_a_failure_nothing_is_held_back_and_what_may_have_been_spent_is(
    error: Exception, n_calls: int
) -> None:
    worker = agent([error], model=plays([error], price=PRICE), sampling=Sampling(max_output_tokens=50))
    async with opened() as runs:
        run = await runs.start(worker, WORDS, budget=Budget(usd=Decimal(100)))
        with pytest.raises(type(error)):
            await run.result()
        balance = await runs.balance(f"run:{run.id}")
    assert not any(balance.reserved.values())
    assert balance.spent.get("model_calls", 0) == n_calls
    assert (balance.spent.get("usd", 0) > 0) == (n_calls > 0)


async def test_after_cancelling_nothing_is_held_back_and_the_call_that_was_cut_off_counts_as_dear_as_can_be() -> (
    None
):
    model = Held(["done"], price=PRICE)
    async with opened() as runs:
        run = await runs.start(working(model=model), WORDS, budget=Budget(usd=Decimal(100)))
        await model.begun.wait()
        held = (await runs.balance(f"run:{run.id}")).reserved
        await run.cancel()
        with pytest.raises(RunCancelled):
            await run.result()
        balance = await runs.balance(f"run:{run.id}")
    assert not any(balance.reserved.values())
    assert balance.spent["usd"] == held["usd"] > 0


async def test_what_a_crash_lost_stays_charged_and_nothing_stays_held_back() -> None:
    clock, worker = FakeClock(1000.0), working(model=plays(["done"], price=PRICE))
    async with faulty() as store:
        budget = Budget(usd=Decimal(100))
        run_id = await crash(
            store, clock, worker, lambda event: isinstance(event, ModelReplied), WORDS, budget=budget
        )
        held = (await store.balances([f"run:{run_id}"]))[f"run:{run_id}"].reserved
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
            balance = await runs.balance(f"run:{run_id}")
    assert result.usage.model_calls == 1
    assert result.usage.cost_usd is not None
    assert balance.spent["model_calls"] == 2
    assert balance.spent["usd"] == held["usd"] + int(result.usage.cost_usd * 10**9)
    assert not any(balance.reserved.values())


async def test_a_crash_between_calls_costs_nothing() -> None:
    clock, worker = FakeClock(1000.0), working()
    async with faulty() as store:
        budget = Budget(usd=Decimal(100), tool_calls=5)
        run_id = await crash(
            store, clock, worker, lambda event: isinstance(event, ModelCalled), WORDS, budget=budget
        )
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
            balance = await runs.balance(f"run:{run_id}")
    assert isinstance(result.events[-1], Finished)
    assert (balance.spent["model_calls"], balance.spent["tool_calls"]) == (2, 1)
