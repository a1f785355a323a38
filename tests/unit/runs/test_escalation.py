"""Runs in a store that escalate: gone on with, replayed, forked, paid for."""

from decimal import Decimal
from typing import Any

import pytest

from mainspring import Agent, Budget, Escalate, Prompt, Sampling, ScriptedModel, tool, use
from mainspring.core import FakeClock, Unusable
from mainspring.core.errors import BudgetError, ConfigError, ModelReplyError, TooDear
from mainspring.core.events import (
    Attempted,
    BudgetExceeded,
    ChildCalled,
    DoubtFound,
    Escalated,
    Finished,
    HumanAsked,
    ModelCalled,
    ModelReplied,
    ToolCalled,
    ToolReturned,
)
from mainspring.models.prices import Rates
from mainspring.runs import Query
from mainspring.runs.by_step import by_step
from tests.unit.agent.making import only
from tests.unit.runs.making import WORDS, Tally, agent, crash, faulty, opened, plays, steps, the_question
from tests.unit.runs.shapes import escalated

GARBAGE = Unusable(reason="no JSON", written="hm")
CHEAP = Rates(input=Decimal(1), output=Decimal(1))
DEAR = Rates(input=Decimal(1000), output=Decimal(1000))


@tool(effect="fetch")
def look(q: str) -> str:
    """Look something up."""
    return f"all about {q}"


def says_yes(answer: str) -> bool:
    """Take anything."""
    return True


def takes_done(answer: str) -> bool:
    """Take only one answer."""
    return answer == "done"


def two(*lines: Any, small: Any = (GARBAGE,)) -> tuple[ScriptedModel, ScriptedModel]:
    """Make a cheap model that is not up to it, and a dear one that says a line at each turn from 1 on."""
    said = [None, *(lines or (use("look", q="x"), "done"))]
    return plays(small, name="small", price=CHEAP), plays(said, name="large", price=DEAR)


def clerk(small: ScriptedModel, large: Any, **settings: Any) -> Agent:
    """Make an agent that begins with a small model."""
    made: dict[str, Any] = {"sampling": Sampling(max_output_tokens=50)}
    return agent((), look, model=small, escalate=large, **made | settings)


def asked(events: Any) -> list[str]:
    return [called.model for called in only(ModelCalled, events)]


async def test_a_run_that_escalated_for_every_reason_is_replayed_from_its_journal_alone() -> None:
    async with opened() as runs:
        run = await escalated(runs)
        events = await (await runs.get(run)).events()
        assert [item.reason for item in only(Escalated, events)] == [
            *("unusable", "wrong_answer", "tool_error", "judge"),
        ]
        assert isinstance(events[-1], Finished)
        found = await runs.replay(run)
        assert (found.divergence, found.n_events) == (None, len(events))


async def test_a_replay_under_other_rules_departs_where_the_run_escalated() -> None:
    small, large = two()
    async with opened() as runs:
        run = await runs.start(clerk(small, large), "go")
        await run.result()
        replayed = await runs.replay(run.id, clerk(small, large))
        stricter = await runs.replay(run.id, clerk(small, Escalate(large, after=2)))
    assert replayed.divergence is None
    assert stricter.divergence is not None
    assert stricter.divergence.seq == 1  # another agent, by its digest


async def test_prices_that_have_changed_since_are_no_divergence() -> None:
    small, large = two()
    async with opened() as runs:
        run = await runs.start(clerk(small, large), WORDS)
        await run.result()
        dearer = plays([None, use("look", q="x"), "done"], name="large", price=CHEAP)
        assert (await runs.replay(run.id, clerk(small, dearer))).divergence is None


async def test_a_run_that_died_with_the_dear_models_first_reply_goes_on_with_the_dear_model() -> None:
    clock, (small, large) = FakeClock(1000.0), two()
    worker = clerk(small, large)

    def is_dear_reply(event: Any) -> bool:
        return isinstance(event, ModelReplied) and event.turn == 1

    async with faulty() as store:
        run_id = await crash(store, clock, worker, is_dear_reply)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
            assert (await runs.replay(run_id)).divergence is None
    assert result.output == "done"
    assert len(only(Escalated, result.events)) == 1
    assert (len(small.requests), len(large.requests)) == (1, 3)


async def test_an_escalation_that_was_not_written_down_is_come_to_again() -> None:
    clock, (small, large) = FakeClock(1000.0), two()
    worker = clerk(small, large)
    async with faulty() as store:
        run_id = await crash(store, clock, worker, lambda event: isinstance(event, Escalated), WORDS)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert asked(result.events) == ["small", "large", "large"]
    (found,) = only(Escalated, result.events)
    assert found.to_usd
    assert found.to_usd == 1000 * (found.from_usd or 0)


async def test_a_run_can_be_forked_wherever_it_escalated_and_each_fork_is_whole_in_itself() -> None:
    small, large = two()
    async with opened() as runs:
        run = await runs.start(clerk(small, large), WORDS)
        events = (await run.result()).events
        assert only(Escalated, events)[0].to_usd
        for at in range(2, len(events) - 2):
            fork = await runs.fork(run.id, at=at)
            result = await fork.result()
            assert [event.type for event in steps(result.events)] == [event.type for event in steps(events)]
            assert only(Escalated, result.events)[0].to_usd == only(Escalated, events)[0].to_usd
            assert (await runs.replay(fork.id)).divergence is None


async def test_a_run_that_failed_goes_on_under_an_agent_that_escalates() -> None:
    small, large = two("done", small=[GARBAGE] * 4)
    lone = clerk(small, None)
    async with opened() as runs:
        run = await runs.start(lone, "go")
        with pytest.raises(ModelReplyError):
            await run.result()
        events = await run.events()
        at = next(seq for seq, event in enumerate(events) if isinstance(event, ModelReplied)) + 1
        fork = await runs.fork(run.id, at=at, agent=lone.replace(escalate=large))
        assert (await fork.result()).output == "done"
        assert (await runs.replay(fork.id)).divergence is None


async def test_a_run_under_a_prompt_with_inputs_can_be_forked_to_an_agent_that_escalates_and_back() -> None:
    small, large = two("done", small=[GARBAGE, "done"])
    prompt = Prompt("Be {{ manner }}.", inputs={"manner": "how to be"})
    plain, judged = (clerk(small, how, prompt=prompt) for how in (None, Escalate(large, judge=takes_done)))
    async with opened() as runs:
        run = await runs.start(plain, "go", inputs={"manner": "brief"})
        at = [event.type for event in (await run.result()).events].index("model_replied") + 1
        there = await runs.fork(run.id, at=at, agent=judged)
        result = await there.result()
        back = await runs.fork(there.id, at=at, agent=plain)
        assert asked((await back.result()).events) == ["small", "small"]
    assert asked(result.events) == ["small", "large"]
    assert [event.type for event in steps(result.events)][3:5] == ["escalated", "corrected"]


async def test_a_call_that_a_human_refuses_is_no_trouble_of_the_models() -> None:
    @tool(effect="money", approval=True)
    def pay(cents: int) -> str:
        """Pay."""
        return f"paid {cents}"

    small, large = two(small=[use("pay", cents=1), use("pay", cents=2), "done"])
    async with opened() as runs:
        run = await runs.start(agent((), pay, model=small, escalate=large), "go")
        for _ in range(2):
            await runs.inbox.deny((await the_question(run)).id, by="ada")
        result = await run.result()
    assert [item.result.is_error for item in only(ToolReturned, result.events)] == [True, True]
    assert only(Escalated, result.events) == []


async def test_a_run_is_not_forked_while_its_judge_may_be_at_work() -> None:
    @tool(effect="write")
    def file_away(answer: str) -> bool:
        """Judge, and leave something behind."""
        return True

    clock, (small, large) = FakeClock(1000.0), two(small=["fine"])
    worker = clerk(small, Escalate(large, judge=file_away))
    async with faulty() as store:
        run_id = await crash(store, clock, worker, lambda event: isinstance(event, ToolReturned))
        async with opened(store, clock=clock, seed=1) as runs:
            with pytest.raises(ConfigError, match=r"the call of 'file_away' .* is in progress or in doubt"):
                await runs.fork(run_id)


async def test_a_dear_model_that_the_budget_does_not_cover_gives_way_to_the_cheap_one() -> None:
    small, large = two("x", small=[GARBAGE, use("look", q="x"), "done"])
    async with opened() as runs:
        run = await runs.start(clerk(small, large), WORDS, budget=Budget(usd=Decimal("0.05"), when_spent="degrade"))
        result = await run.result()
        assert (await runs.replay(run.id)).divergence is None
    assert result.output == "done"
    assert large.requests == []
    assert asked(result.events) == ["small", "small", "small"]
    assert [item.model for item in only(BudgetExceeded, result.events)] == ["large"]
    assert len(only(Escalated, result.events)) == 1


async def test_a_cheap_model_that_took_over_again_does_not_escalate_again() -> None:
    small, large = two(small=[GARBAGE] * 5)
    async with opened() as runs:
        run = await runs.start(clerk(small, large), WORDS, budget=Budget(usd=Decimal("0.05"), when_spent="degrade"))
        with pytest.raises(ModelReplyError):
            await run.result()
        events = await run.events()
        assert (await runs.replay(run.id)).divergence is None
    assert (len(only(Escalated, events)), len(only(BudgetExceeded, events))) == (1, 1)


async def test_a_dear_model_is_asked_after_all_where_the_budget_is_raised() -> None:
    small, large = two("x", "x", "done", small=[GARBAGE, use("look", q="x"), use("look", q="y")])
    budget = Budget(usd=Decimal("0.05"), tool_calls=1, when_spent="degrade")
    async with opened() as runs:
        run = await runs.start(clerk(small, large), WORDS, budget=budget)
        with pytest.raises(BudgetError, match="tool 'look'"):
            await run.result()
        await runs.resume(run.id, budget=Budget(usd=Decimal(100), tool_calls=9))
        result = await run.result()
        assert (await runs.replay(run.id)).divergence is None
    assert result.output == "done"
    assert asked(result.events) == ["small", "small", "small", "large"]


async def test_a_run_ends_where_the_budget_does_not_cover_the_dear_model() -> None:
    small, large = two()
    async with opened() as runs:
        run = await runs.start(clerk(small, large), WORDS, budget=Budget(usd=Decimal("0.05")))
        with pytest.raises(BudgetError, match="model 'large' may take") as refused:
            await run.result()
        assert not isinstance(refused.value, TooDear)
        await runs.resume(run.id, budget=Budget(usd=Decimal(100)))
        assert (await run.result()).output == "done"


async def test_a_dear_model_without_a_price_is_refused_where_a_budget_is_in_dollars() -> None:
    small = plays([GARBAGE], name="small", price=CHEAP)
    large = plays(["done"], name="large", price=lambda _: None)
    async with opened() as runs:
        with pytest.raises(ConfigError, match="nobody knows what model 'large' costs"):
            await runs.start(clerk(small, large), "go", budget=Budget(usd=Decimal(1)))


async def test_what_the_dear_model_may_take_is_not_bounded_by_the_cheap_ones_count() -> None:
    small, large = two()
    async with opened() as runs:
        run = await runs.start(clerk(small, large), "oak " * 2000, budget=Budget(input_tokens=13_000))
        with pytest.raises(BudgetError, match="model 'large' may take"):
            await run.result()
        (refused,) = only(BudgetExceeded, await run.events())
    assert int(refused.left) == 11_000  # the cheap one counted a token for four characters
    assert int(refused.needed) > 8000


async def test_a_verdict_is_asked_for_once_however_often_the_run_is_driven() -> None:
    clock, tally = FakeClock(1000.0), Tally()

    def check(answer: str) -> bool:
        tally.count()
        return answer == "done"

    small, large = two("done", small=["no"])
    worker = clerk(small, Escalate(large, judge=check))
    async with faulty() as store:
        run_id = await crash(
            store, clock, worker, lambda event: isinstance(event, ModelReplied) and event.turn == 1
        )
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
            assert (await runs.replay(run_id)).divergence is None
    assert result.output == "done"
    assert tally.keys == [f"{run_id}:tool:0:judge", f"{run_id}:tool:1:judge"]


async def test_a_verdict_that_a_crash_cut_off_is_asked_for_again_without_a_human() -> None:
    clock, (small, large) = FakeClock(1000.0), two("done", small=["fine"])
    worker = clerk(small, Escalate(large, judge=says_yes))
    async with faulty() as store:
        run_id = await crash(store, clock, worker, lambda event: isinstance(event, ToolReturned))
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert result.output == "fine"
    assert [item.policy for item in only(DoubtFound, result.events)] == ["retry"]
    assert only(HumanAsked, result.events) == []


async def test_an_agent_judges_in_a_run_of_its_own_that_draws_on_the_same_budget() -> None:
    small, large = two("done", small=["no"])
    critic = agent(
        ["too short"], name="critic", model=ScriptedModel(["too short", "ok"], name="critic", price=CHEAP)
    )
    worker = clerk(small, Escalate(large, judge=critic.as_tool(description="Judges.")))
    async with opened() as runs:
        run = await runs.start(worker, "go", budget=Budget(model_calls=9, tool_calls=9))
        result = await run.result()
        children = await runs.find(Query(parent=run.id))
        balance = await runs.balance(f"run:{run.id}")
        assert (await runs.replay(run.id)).divergence is None
    assert result.output == "done"
    assert [called.agent for called in only(ChildCalled, result.events)] == ["critic", "critic"]
    assert [row.agent for row in children] == ["critic", "critic"]
    assert (result.usage.model_calls, result.usage.tool_calls) == (4, 2)
    assert (balance.spent["model_calls"], balance.spent["tool_calls"]) == (4, 2)


async def test_a_run_in_a_store_and_one_alone_tell_the_same() -> None:
    small, large = two("done", small=["no"])
    worker = clerk(small, Escalate(large, judge=takes_done))
    alone = await worker.run("go")
    async with opened() as runs:
        kept = await (await runs.start(worker, "go")).result()
    assert (kept.output, kept.messages, kept.usage) == (alone.output, alone.messages, alone.usage)


async def test_a_run_keeps_what_it_escalates_to_though_the_agent_has_changed() -> None:
    clock, (small, large) = FakeClock(1000.0), two("done")
    worker = clerk(small, Escalate(large, judge=says_yes))
    later = clerk(small, Escalate([plays(["no"] * 3, name="other"), large], judge=says_yes))
    async with faulty() as store:
        run_id = await crash(store, clock, worker, lambda event: isinstance(event, ModelReplied))
        async with opened(store, later, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert asked(result.events) == ["small", "large"]
    assert only(Attempted, result.events)[-1].changed == ("escalation",)


async def test_a_run_whose_judge_is_gone_does_not_go_on_until_it_is_back() -> None:
    clock, (small, large) = FakeClock(1000.0), two("done")
    worker = clerk(small, Escalate(large, judge=says_yes))
    async with faulty() as store:
        run_id = await crash(store, clock, worker, lambda event: isinstance(event, ModelReplied))
        async with opened(store, clerk(small, large), clock=clock, seed=1) as runs:
            with pytest.raises(ConfigError, match="started with the judge 'says_yes'"):
                await (await runs.get(run_id)).result()
        async with opened(store, worker, clock=clock, seed=2) as runs:
            assert (await (await runs.resume(run_id)).result()).output == "done"


async def test_a_comparison_tells_who_went_on_and_what_the_judge_said() -> None:
    small, large = two("done", small=["no"])
    async with opened() as runs:
        first = await runs.start(clerk(small, Escalate(large, judge=takes_done)), "go")
        second = await runs.start(clerk(plays(["no"], name="small"), None, name="other"), "go")
        await first.result()
        await second.result()
        found = await runs.diff(first.id, second.id)
    one, other = found.steps[0].one, found.steps[0].other
    assert one is not None
    assert other is not None
    assert one.judged is not None
    assert (one.escalated_to, one.judged.name, one.judged.result) == ("large", "takes_done", "false")
    assert (one.usage.tool_calls, other.usage.tool_calls) == (1, 0)
    assert (other.escalated_to, other.judged) == (None, None)


async def test_a_page_says_that_a_dearer_model_goes_on_and_what_that_costs() -> None:
    small, large = two("done")
    async with opened() as runs:
        run = await runs.start(clerk(small, large), WORDS)
        await run.result()
        page = await runs.export_page(run.id)
    assert "the reply could not be used; large goes on" in page
    assert "a call like the last one costs $0.08 instead of $0.00008" in page


async def test_the_judges_call_stands_in_the_step_that_it_is_about() -> None:
    async with opened() as runs:
        found = by_step(await runs.store.entries(await escalated(runs))).steps
    kinds = {step.turn: {type(entry.event) for entry in step.entries} for step in found}
    assert [turn for turn, kind in kinds.items() if ToolCalled in kind] == [4, 5]
    assert [turn for turn, kind in kinds.items() if Escalated in kind] == [0, 1, 3, 4]
