"""The response cache: an equal request, where the agent asks for it, gets the reply that one got before."""

from decimal import Decimal
from typing import Any

import pytest

from mainspring import Agent, Sampling, ScriptedModel, tool, use
from mainspring.core import NOTHING, Budget, FakeClock, Unusable
from mainspring.core.errors import BudgetError
from mainspring.core.events import Corrected, ModelCalled, ModelReplied
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import PRICE, WORDS, agent, crash, faulty, opened, plays

LINES = [use("add", a=1, b=2), "It is 3."]


@tool(effect="none")
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@tool(effect="none")
def sub(a: int, b: int) -> int:
    """Subtract."""
    return a - b


def frugal(*tools: Any, **settings: Any) -> Agent:
    """Make an agent that uses replies again."""
    made: dict[str, Any] = {"cache": True, "instructions": "Be brief.", "model": plays(LINES, price=PRICE)}
    return agent(LINES, *(tools or (add,)), **made | settings)


async def test_an_equal_request_is_answered_from_the_cache_and_costs_nothing() -> None:
    first, second = frugal(), frugal()
    async with opened() as runs:
        before = await (await runs.start(first, WORDS)).result()
        again = await (await runs.start(second, WORDS)).result()
    assert (again.output, again.messages) == (before.output, before.messages)
    assert asked(second) == []
    assert [replied.cached for replied in only(ModelReplied, before.events)] == [False, False]
    assert [(replied.cached, replied.usage) for replied in only(ModelReplied, again.events)] == [
        (True, NOTHING)
    ] * 2
    assert [called.request_digest for called in only(ModelCalled, again.events)] == [
        called.request_digest for called in only(ModelCalled, before.events)
    ]
    assert (again.usage.model_calls, again.usage.cost_usd, again.usage.tool_calls) == (0, Decimal(0), 1)


async def test_nothing_is_cached_unless_the_agent_asks_for_it() -> None:
    plain, curious = frugal(cache=False), frugal()
    async with opened() as runs:
        await (await runs.start(plain, WORDS)).result()
        await (await runs.start(curious, WORDS)).result()
        await (await runs.start(plain.replace(max_steps=9), WORDS)).result()
    assert (len(asked(plain)), len(asked(curious))) == (4, 2)


@pytest.mark.parametrize(
    "other",
    [
        frugal(name="other"),
        frugal(model=plays(LINES, name="other", price=PRICE)),
        frugal(instructions="Be long."),
        frugal(add, sub),
        frugal(sampling=Sampling(temperature=0.5)),
        frugal(sampling=Sampling(max_output_tokens=50)),
    ],
    ids=["agent", "model", "instructions", "tools", "sampling", "bound"],
)
async def test_only_what_is_equal_in_everything_the_model_sees_is_answered_so(
    other: Agent, request: pytest.FixtureRequest
) -> None:
    async with opened() as runs:
        await (await runs.start(frugal(name="first"), WORDS)).result()
        before = len(asked(other))
        await (await runs.start(other, WORDS)).result()
    is_equal = request.node.callspec.id == "agent"
    assert len(asked(other)) - before == (0 if is_equal else 2)


async def test_other_words_are_another_request() -> None:
    helper = frugal()
    async with opened() as runs:
        await (await runs.start(helper, "1 + 2?")).result()
        await (await runs.start(helper, "2 + 1?")).result()
    assert len(asked(helper)) == 4


async def test_another_form_of_answer_is_another_request() -> None:
    helper = agent(["3"], cache=True)
    async with opened() as runs:
        assert (await (await runs.start(helper, "1 + 2?")).result()).output == "3"
        assert (await (await runs.start(helper, "1 + 2?", output=int)).result()).output == 3
    assert len(asked(helper)) == 2


async def test_a_reply_that_could_not_be_used_is_not_stored() -> None:
    lines = [Unusable(reason="not JSON", written="Sure!"), "done"]
    first, second = frugal(model=plays(lines)), frugal(model=plays(["at once"]))
    async with opened() as runs:
        result = await (await runs.start(first, WORDS)).result()
        assert len(only(Corrected, result.events)) == 1
        assert (await (await runs.start(second, WORDS)).result()).output == "at once"


async def test_what_costs_nothing_needs_no_budget() -> None:
    async with opened() as runs:
        await (await runs.start(frugal(), WORDS)).result()
        nothing = Budget(usd=Decimal(0), model_calls=0)
        with pytest.raises(BudgetError):
            await (await runs.start(frugal(), "something else", budget=nothing)).result()
        run = await runs.start(frugal(sampling=Sampling()), WORDS, budget=Budget(model_calls=0))
        assert (await run.result()).output == "It is 3."
        balance = await runs.balance(f"run:{run.id}")
    assert balance.spent.get("model_calls", 0) == 0
    assert not any(balance.reserved.values())


async def test_another_process_uses_what_one_has_stored() -> None:
    model = ScriptedModel([])
    async with faulty() as store:
        async with opened(store) as runs:
            await (await runs.start(frugal(), WORDS)).result()
        async with opened(store, seed=1) as runs:
            assert (await (await runs.start(frugal(model=model), WORDS)).result()).output == "It is 3."


async def test_a_call_that_was_cut_off_may_be_answered_from_the_cache() -> None:
    clock, worker = FakeClock(1000.0), frugal()
    async with faulty() as store:
        budget = Budget(model_calls=9)
        run_id = await crash(
            store, clock, worker, lambda event: isinstance(event, ModelReplied), WORDS, budget=budget
        )
        async with opened(store, seed=1) as runs:  # the lease has not lapsed by this clock
            await (await runs.start(worker, WORDS, id="another")).result()
        n_asked = len(asked(worker))
        async with opened(store, worker, clock=clock, seed=2) as runs:
            result = await (await runs.get(run_id)).result()
            balance = await runs.balance(f"run:{run_id}")
    assert result.output == "It is 3."
    assert len(asked(worker)) == n_asked
    assert not any(balance.reserved.values())
