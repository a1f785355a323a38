"""Calls that were cut off: done again, looked into or put to a human, and never twice without one of these."""

from collections.abc import Callable

import pytest
from pydantic import JsonValue

from mainspring import Agent, ToolError, tool, use
from mainspring.core import Event, FakeClock
from mainspring.core.errors import AnswerError, RunWaiting
from mainspring.core.events import DoubtFound, HumanAsked, ModelReplied, ToolReturned
from mainspring.tools import NOT_DONE, Effect, InDoubt, idempotency_key
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import Faulty, Tally, agent, crash, faulty, opened, the_question

LINES = [use("pay", amount=3), "done"]


def paying(tally: Tally, effect: Effect | None = "money", in_doubt: InDoubt | None = None) -> Callable[..., object]:
    """Make a tool that counts its calls."""

    @tool(effect=effect, in_doubt=in_doubt)
    async def pay(amount: int) -> str:
        """Pay."""
        tally.count()
        return f"paid {amount}"

    return pay


def returns(name: str = "pay") -> Callable[[Event], bool]:
    """Tell the moment at which a tool's result is about to be written."""
    return lambda event: isinstance(event, ToolReturned) and event.result.name == name


async def cut_off(store: Faulty, clock: FakeClock, worker: Agent) -> str:
    """Begin a run whose process dies after it has paid, before it can say so."""
    return await crash(store, clock, worker, returns())


@pytest.mark.parametrize("effect", ["none", "fetch"])
async def test_a_call_that_changes_nothing_is_made_again_under_the_same_key(effect: Effect) -> None:
    clock, tally = FakeClock(1000.0), Tally()
    worker = agent(LINES, paying(tally, effect))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert result.output == "done"
    assert tally.keys == [f"{run_id}:tool:0:call_0_0"] * 2
    assert [(doubt.key, doubt.policy) for doubt in only(DoubtFound, result.events)] == [
        ("tool:0:call_0_0", "retry")
    ]
    assert result.usage.tool_calls == 1


@pytest.mark.parametrize("effect", ["write", "egress", "destroy", "money", "auth", None])
async def test_any_other_call_is_put_to_a_human(effect: Effect | None) -> None:
    clock, tally = FakeClock(1000.0), Tally()
    worker = agent(LINES, paying(tally, effect))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            with pytest.raises(RunWaiting, match="pay was begun and its outcome is not known"):
                await (await runs.get(run_id)).result()
    assert len(tally.keys) == 1


async def test_a_tool_may_say_that_it_can_be_called_again() -> None:
    clock, tally = FakeClock(1000.0), Tally()
    worker = agent(LINES, paying(tally, "money", "retry"))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            assert (await (await runs.get(run_id)).result()).output == "done"
    assert len(tally.keys) == 2
    assert len(set(tally.keys)) == 1


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_call_that_is_found_to_have_happened_is_not_made_again(is_async: bool) -> None:
    clock, tally, looked = FakeClock(1000.0), Tally(), []

    def find_out(amount: int) -> str:
        looked.append((amount, idempotency_key()))
        return f"paid {amount} before"

    async def find_out_later(amount: int) -> str:
        return find_out(amount)

    worker = agent(LINES, paying(tally, in_doubt=find_out_later if is_async else find_out))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert [returned.result.text for returned in only(ToolReturned, result.events)] == ["paid 3 before"]
    assert looked == [(3, tally.keys[0])]
    assert len(tally.keys) == 1


async def test_a_call_that_is_found_not_to_have_happened_is_made_under_the_same_key() -> None:
    clock, tally = FakeClock(1000.0), Tally()

    def find_out(amount: int) -> object:
        return NOT_DONE

    worker = agent(LINES, paying(tally, in_doubt=find_out))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert [returned.result.text for returned in only(ToolReturned, result.events)] == ["paid 3"]
    assert [doubt.policy for doubt in only(DoubtFound, result.events)] == ["reconcile"]
    assert len(tally.keys) == 2
    assert len(set(tally.keys)) == 1


async def test_where_it_cannot_be_found_out_a_human_is_asked() -> None:
    clock, tally = FakeClock(1000.0), Tally()

    def find_out(amount: int) -> str:
        raise ToolError("the bank does not answer")

    worker = agent(LINES, paying(tally, in_doubt=find_out))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            run = await runs.get(run_id)
            question = await the_question(run)
            assert (question.kind, question.verdicts) == ("in_doubt", ("approve", "deny", "answer"))
            assert question.call is not None
            assert question.call.arguments == {"amount": 3}
            await runs.inbox.answer(question.id, "paid 3, says the bank", by="me")
            result = await run.result()
    assert [returned.result.text for returned in only(ToolReturned, result.events)] == ["paid 3, says the bank"]
    assert len(tally.keys) == 1


async def test_a_human_who_approves_has_it_done_again_under_the_same_key() -> None:
    clock, tally = FakeClock(1000.0), Tally()
    worker = agent(LINES, paying(tally))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            run = await runs.get(run_id)
            await runs.inbox.approve((await the_question(run)).id, by="me")
            result = await run.result()
    assert tally.keys == [f"{run_id}:tool:0:call_0_0"] * 2
    assert [doubt.policy for doubt in only(DoubtFound, result.events)] == ["ask"]
    assert [returned.result.text for returned in only(ToolReturned, result.events)] == ["paid 3"]


@pytest.mark.parametrize(("value", "told"), [("paid", "paid"), ({"paid": 3}, '{"paid":3}'), ("", "")])
async def test_a_human_who_answers_has_given_the_calls_result(value: JsonValue, told: str) -> None:
    clock, tally = FakeClock(1000.0), Tally()
    worker = agent(LINES, paying(tally))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            run = await runs.get(run_id)
            await runs.inbox.answer((await the_question(run)).id, value, by="me")
            result = await run.result()
    (returned,) = only(ToolReturned, result.events)
    assert (returned.result.text, returned.result.is_error) == (told, False)
    assert len(tally.keys) == 1
    assert result.usage.tool_calls == 1


async def test_a_human_who_denies_has_the_model_told_that_nobody_knows() -> None:
    clock, tally = FakeClock(1000.0), Tally()
    worker = agent(LINES, paying(tally))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            run = await runs.get(run_id)
            await runs.inbox.deny((await the_question(run)).id, by="me", reason="leave it")
            result = await run.result()
    (returned,) = only(ToolReturned, result.events)
    assert returned.result.is_error
    assert "not known whether it was done" in returned.result.text
    assert "leave it" in returned.result.text
    assert len(tally.keys) == 1


async def test_a_call_that_is_cut_off_again_is_asked_about_again_and_old_answers_do_not_count() -> None:
    clock, tally = FakeClock(1000.0), Tally()
    worker = agent(LINES, paying(tally))
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        store.dies_at = returns()
        async with opened(store, worker, clock=clock, seed=1) as runs:
            first = await the_question(await runs.get(run_id))
            await runs.inbox.approve(first.id, by="me")
            await store.died.wait()
        store.revive()
        clock.advance(3600.0)
        async with opened(store, worker, clock=clock, seed=2) as runs:
            run = await runs.get(run_id)
            second = await the_question(run)
            assert second.id != first.id
            with pytest.raises(AnswerError, match="nothing asks for"):
                await runs.inbox.approve(first.id, by="me")
            await runs.inbox.answer(second.id, "paid", by="me")
            result = await run.result()
    assert len(tally.keys) == 2
    assert len(only(HumanAsked, result.events)) == 2


async def test_only_the_call_that_is_in_doubt_waits_and_the_others_of_its_step_go_on() -> None:
    clock, paid, noted = FakeClock(1000.0), Tally(), Tally()

    @tool(effect="none")
    async def note(text: str) -> str:
        """Note."""
        noted.count()
        return f"noted {text}"

    worker = agent([[use("pay", amount=3), use("note", text="a")], "done"], paying(paid), note)
    async with faulty() as store:
        run_id = await cut_off(store, clock, worker)
        async with opened(store, worker, clock=clock, seed=1) as runs:
            run = await runs.get(run_id)
            question = await the_question(run)
            assert [item.result.text for item in only(ToolReturned, await run.events())] == ["noted a"]
            await runs.inbox.answer(question.id, "paid", by="me")
            result = await run.result()
    assert [item.text for item in result.messages[2].results] == ["paid", "noted a"]
    assert (len(paid.keys), len(set(noted.keys))) == (1, 1)


async def test_a_model_that_was_being_asked_is_asked_again() -> None:
    clock, worker = FakeClock(1000.0), agent(["hello"])
    async with faulty() as store:
        run_id = await crash(store, clock, worker, lambda event: isinstance(event, ModelReplied))
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert [(doubt.key, doubt.policy) for doubt in only(DoubtFound, result.events)] == [("model:0", "retry")]
    assert len(asked(worker)) == 2
    assert result.usage.model_calls == 1
