"""Tool calls of a run without a store: nobody to ask is a clear error, time and other agents are waited for."""

import pytest

from mainspring import tool, use
from mainspring.core import JsonObject
from mainspring.core.errors import NobodyToAsk
from mainspring.core.events import EffectFailed, Failed, HumanAsked, TimerRang, TimerSet, ToolCalled, ToolReturned
from mainspring.tools import Approval, ask_human, idempotency_key, wait_for
from tests.unit.agent.making import agent, asked, names, only


@tool(effect="money", approval=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


def is_much(arguments: JsonObject) -> bool:
    """Tell amounts that somebody has to say yes to."""
    return int(str(arguments["amount"])) >= 10


async def test_a_call_that_needs_a_yes_ends_a_run_that_nobody_can_answer_and_says_what_to_do() -> None:
    helper = agent([use("pay", amount=3), "done"], pay)
    run = helper.start("go")
    with pytest.raises(NobodyToAsk, match=r"'May pay\(amount=3\) be called\?'.*start it in a store.*--store"):
        await run
    assert names(run.events)[-3:] == ["HumanAsked", "EffectFailed", "Failed"]
    assert only(Failed, run.events)[0].error == only(EffectFailed, run.events)[0].error == "NobodyToAsk"
    assert only(ToolCalled, run.events) == []
    assert len(asked(helper)) == 1


async def test_calls_whose_arguments_need_no_yes_are_made() -> None:
    asks_sometimes = tool(name="pay", effect="money", approval=is_much)(pay.function)
    result = await agent([use("pay", amount=9), "done"], asks_sometimes).run("go")
    assert [item.result.text for item in only(ToolReturned, result.events)] == ["paid 9"]
    assert only(HumanAsked, result.events) == []
    with pytest.raises(NobodyToAsk):
        await agent([use("pay", amount=10), "done"], asks_sometimes).run("go")


async def test_what_counts_when_nobody_answers_in_time_does_not_count_where_nobody_can_answer_at_all() -> None:
    lenient = tool(name="pay", effect="money", approval=Approval(within_s=0.0, otherwise="approve"))(pay.function)
    with pytest.raises(NobodyToAsk):
        await agent([use("pay", amount=3), "done"], lenient).run("go")


async def test_a_call_that_cannot_be_made_needs_no_yes() -> None:
    helper = agent([use("pay", amount="much"), "done"], pay)
    result = await helper.run("go")
    assert result.output == "done"
    assert "Wrong arguments for pay" in asked(helper)[1].messages[-1].text
    assert only(HumanAsked, result.events) == []


async def test_a_question_ends_a_run_that_nobody_can_answer() -> None:
    run = agent([use("ask_human", question="Which one?"), "done"], ask_human()).start("go")
    with pytest.raises(NobodyToAsk, match=r"'Which one\?'"):
        await run
    (question,) = only(HumanAsked, run.events)
    assert (question.kind, question.key) == ("question", "wait:0:call_0_0")


async def test_one_question_ends_the_run_and_the_calls_beside_it() -> None:
    helper = agent([[use("ask_human", question="?"), use("wait", seconds=3600)], "done"], ask_human(), wait_for())
    with pytest.raises(NobodyToAsk):
        await helper.run("go")


async def test_time_is_waited_for_where_the_run_is() -> None:
    helper = agent([use("wait", seconds=0), "done"], wait_for())
    result = await helper.run("go")
    assert [(item.key, item.seconds) for item in only(TimerSet, result.events)] == [("wait:0:call_0_0", 0.0)]
    assert [item.key for item in only(TimerRang, result.events)] == ["wait:0:call_0_0"]
    assert asked(helper)[1].messages[-1].text == "The time has passed."


async def test_a_call_knows_its_run_step_and_place_as_its_key() -> None:
    keys: list[str] = []

    @tool(effect="none")
    def note(text: str) -> str:
        """Note."""
        keys.append(idempotency_key())
        return text

    @tool(effect="none")
    async def note_later(text: str) -> str:
        """Note."""
        keys.append(idempotency_key())
        return text

    script = [[use("note", text="a"), use("note_later", text="b")], use("note", text="c"), "done"]
    result = await agent(script, note, note_later).run("go")
    assert sorted(keys) == [f"{result.run_id}:tool:{place}" for place in ("0:call_0_0", "0:call_0_1", "1:call_1_0")]
    assert [f"{result.run_id}:{item.key}" for item in only(ToolReturned, result.events)][-1] == keys[-1]


def test_outside_a_call_there_is_no_key() -> None:
    with pytest.raises(RuntimeError, match="only inside a tool that an agent calls"):
        idempotency_key()


async def test_after_a_call_there_is_no_key_either() -> None:
    await agent([use("wait", seconds=0), "done"], wait_for()).run("go")
    with pytest.raises(RuntimeError):
        idempotency_key()
