"""Humans in a run: what they may answer, what the model is told of it, and that each answer counts once."""

from collections.abc import Callable

import pytest

from mainspring import tool, use
from mainspring.core import FakeClock, JsonObject
from mainspring.core.errors import AnswerError
from mainspring.core.events import HumanAnswered, HumanAsked, ToolCalled, ToolReturned
from mainspring.tools import Approval, ask_human
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import Tally, agent, faulty, opened, the_question


def paying(tally: Tally, approval: bool | Approval = True) -> Callable[..., object]:
    """Make a tool that waits for a yes, and counts its calls."""

    @tool(effect="money", approval=approval)
    async def pay(amount: int) -> str:
        """Pay."""
        tally.count()
        return f"paid {amount}"

    return pay


async def test_an_approved_call_is_made_as_it_was_asked_for() -> None:
    tally = Tally()
    async with opened() as runs:
        run = await runs.start(agent([use("pay", amount=3), "done"], paying(tally)), "go")
        question = await the_question(run)
        assert question.question == "May pay(amount=3) be called?"
        assert (question.kind, question.run, question.agent) == ("approval", run.id, "helper")
        assert question.verdicts == ("approve", "deny", "edit")
        assert tally.keys == []
        assert await runs.inbox.approve(question.id, by="me") == question
        result = await run.result()
    assert tally.keys == [f"{run.id}:tool:0:call_0_0"]
    (answered,) = only(HumanAnswered, result.events)
    assert (answered.verdict, answered.by, answered.digest) == ("approve", "me", question.digest)


async def test_a_human_is_asked_in_the_words_that_the_tool_has_for_the_call() -> None:
    prices = {3: "3 EUR for the broken chair"}
    approval = Approval(question=lambda arguments: f"Pay {prices[int(str(arguments['amount']))]}?")
    async with opened() as runs:
        payer = agent([use("pay", amount=3), "done"], paying(Tally(), approval))
        run = await runs.start(payer, "go")
        question = await the_question(run)
        assert question.question == "Pay 3 EUR for the broken chair?"
        await runs.inbox.approve(question.id, by="me")
        await run.result()
        prices[3] = "a price that has changed since"
        assert (await runs.replay(run.id)).divergence is None
        assert (await runs.replay(run.id, payer)).divergence is None


async def test_where_a_tool_has_no_words_for_a_call_the_human_sees_the_call() -> None:
    async with opened() as runs:
        approval = Approval(question=lambda arguments: str(arguments["no such"]))
        run = await runs.start(agent([use("pay", amount=3), "done"], paying(Tally(), approval)), "go")
        assert (await the_question(run)).question == "May pay(amount=3) be called?"


@pytest.mark.parametrize(("reason", "told"), [("too much", "too much"), ("", "no reason given")])
async def test_a_denied_call_is_not_made_and_the_model_is_told_why(reason: str, told: str) -> None:
    tally = Tally()
    helper = agent([[use("pay", amount=3), use("add", a=1, b=2)], "done"], paying(tally), add)
    async with opened() as runs:
        run = await runs.start(helper, "go")
        question = await the_question(run)
        assert [item.result.text for item in only(ToolReturned, await run.events())] == ["3"]  # the other went on
        await runs.inbox.deny(question.id, by="me", reason=reason)
        result = await run.result()
    assert tally.keys == []
    denied, added = asked(helper)[1].messages[-1].results
    assert denied.is_error
    assert told in denied.text
    assert added.text == "3"
    assert result.usage.tool_calls == 1


async def test_an_edited_call_is_made_with_the_humans_arguments() -> None:
    helper = agent([use("pay", amount=3), "done"], paying(Tally()))
    async with opened() as runs:
        run = await runs.start(helper, "go")
        await runs.inbox.edit((await the_question(run)).id, {"amount": 2}, by="me")
        result = await run.result()
    assert [called.call.arguments for called in only(ToolCalled, result.events)] == [{"amount": 2}]
    assert asked(helper)[1].messages[-1].text == "paid 2"


async def test_a_human_who_edits_a_call_wrongly_is_told_like_a_model() -> None:
    tally = Tally()
    helper = agent([use("pay", amount=3), "done"], paying(tally))
    async with opened() as runs:
        run = await runs.start(helper, "go")
        await runs.inbox.edit((await the_question(run)).id, {"amount": "much"}, by="me")
        await run.result()
    assert tally.keys == []
    assert "Wrong arguments for pay: amount" in asked(helper)[1].messages[-1].text


@pytest.mark.parametrize(("amount", "n_asked"), [(9, 0), (10, 1)])
async def test_only_calls_whose_arguments_demand_it_wait_for_a_human(amount: int, n_asked: int) -> None:
    def is_much(arguments: JsonObject) -> bool:
        return int(str(arguments["amount"])) >= 10

    tally = Tally()
    async with opened() as runs:
        run = await runs.start(agent([use("pay", amount=amount), "done"], paying(tally, Approval(is_much))), "go")
        async for _ in run.stream():
            pass
        assert len(await run.pending()) == n_asked
        assert len(only(HumanAsked, await run.events())) == n_asked
    assert len(tally.keys) == 1 - n_asked


async def test_a_call_that_cannot_be_made_is_not_put_to_a_human() -> None:
    async with opened() as runs:
        run = await runs.start(agent([use("pay", amount="much"), "done"], paying(Tally())), "go")
        assert only(HumanAsked, (await run.result()).events) == []


@pytest.mark.parametrize("otherwise", ["deny", "approve"])
async def test_when_the_time_for_an_answer_is_over_what_was_said_beforehand_counts(otherwise: str) -> None:
    clock, tally = FakeClock(1000.0), Tally()
    approval = Approval(within_s=60.0, otherwise="approve" if otherwise == "approve" else "deny")
    helper = agent([use("pay", amount=3), "done"], paying(tally, approval))
    async with opened(clock=clock) as runs:
        run = await runs.start(helper, "go")
        question = await the_question(run)
        assert question.deadline_at == 1060.0
        clock.advance(59.0)
        assert await runs.sweep() == 0
        clock.advance(1.0)
        result = await run.result()
    assert [answered.by for answered in only(HumanAnswered, result.events)] == ["deadline"]
    assert len(tally.keys) == (1 if otherwise == "approve" else 0)
    assert ("nobody answered in time" in asked(helper)[1].messages[-1].text) == (otherwise == "deny")


async def test_an_answer_that_comes_too_late_is_refused() -> None:
    clock = FakeClock(1000.0)
    helper = agent([use("pay", amount=3), "done"], paying(Tally(), Approval(within_s=60.0)))
    async with faulty() as store:
        async with opened(store, clock=clock) as runs:
            question = await the_question(await runs.start(helper, "go"))
        clock.advance(60.0)
        async with opened(store, clock=clock, work=False, seed=1) as runs:
            with pytest.raises(AnswerError, match="its time is over"):
                await runs.inbox.approve(question.id, by="me")


async def test_a_question_is_answered_in_the_humans_words() -> None:
    helper = agent([use("ask_human", question="Which one?"), "done"], ask_human())
    async with opened() as runs:
        run = await runs.start(helper, "go")
        question = await the_question(run)
        assert (question.kind, question.question, question.verdicts) == (
            "question",
            "Which one?",
            ("answer", "deny"),
        )
        await runs.inbox.answer(question.id, "the red one", by="me")
        result = await run.result()
    assert asked(helper)[1].messages[-1].text == "the red one"
    assert result.messages[2].label.integrity == "trusted"


async def test_a_question_that_is_not_answered_is_an_error_the_model_can_read() -> None:
    helper = agent([use("ask_human", question="Which one?"), "done"], ask_human())
    async with opened() as runs:
        run = await runs.start(helper, "go")
        await runs.inbox.deny((await the_question(run)).id, by="me", reason="ask somebody else")
        await run.result()
    (told,) = asked(helper)[1].messages[-1].results
    assert (told.text, told.is_error) == ("The human did not answer: ask somebody else.", True)


async def test_a_question_whose_time_is_over_is_told_so() -> None:
    clock = FakeClock(1000.0)
    helper = agent([use("ask_human", question="Which one?"), "done"], ask_human(within_s=60.0))
    async with opened(clock=clock) as runs:
        run = await runs.start(helper, "go")
        await the_question(run)
        clock.advance(60.0)
        await run.result()
    assert asked(helper)[1].messages[-1].text == "Nobody answered in time."


@tool(effect="none")
def add(a: int, b: int) -> int:
    """Add."""
    return a + b
