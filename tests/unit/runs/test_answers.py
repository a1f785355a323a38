"""Answers as such: each is to one question, counts once, and gets there whatever else happens in the run."""

import asyncio
import gc
from pathlib import Path

import pytest

from mainspring import tool, use
from mainspring.core import Budget
from mainspring.core.errors import AnswerError, UnknownRun
from mainspring.core.events import HumanAnswered, ToolReturned
from mainspring.runs.door import JournalDoor
from mainspring.runs.journal import Append
from mainspring.runs.writer import Writer
from mainspring.tools import ask_human
from tests.unit.agent.making import only
from tests.unit.runs.making import Tally, agent, faulty, opened, parked, the_question

ASK = use("ask_human", question="Which one?")


async def test_an_answer_counts_once() -> None:
    async with opened() as runs:
        run = await runs.start(agent([ASK, ASK, "done"], ask_human()), "go")
        first = await the_question(run)
        await runs.inbox.answer(first.id, "the red one", by="me")
        second = await the_question(run)
        assert second.id != first.id
        with pytest.raises(AnswerError, match=f"nothing asks for {first.id!r}"):
            await runs.inbox.answer(first.id, "no, the blue one", by="me")
        await runs.inbox.answer(second.id, "the blue one", by="me")
        result = await run.result()
        assert [item.result.text for item in only(ToolReturned, result.events)] == ["the red one", "the blue one"]


async def test_an_ended_run_asks_nothing() -> None:
    async with opened() as runs:
        run = await runs.start(agent([ASK, "done"], ask_human()), "go")
        question = await the_question(run)
        await run.cancel()
        assert await runs.inbox.pending() == []
        with pytest.raises(AnswerError, match="its run has ended"):
            await runs.inbox.answer(question.id, "the red one", by="me")


async def test_the_beginning_of_an_id_is_enough_unless_several_begin_so() -> None:
    async with opened() as runs:
        helper = agent([[ASK, use("ask_human", question="When?")], "done"], ask_human())
        run = await runs.start(helper, "go")
        async for _ in run.stream():
            pass
        first, second = await runs.inbox.pending()
        with pytest.raises(AnswerError, match=f"{first.id} or {second.id}; write more of it"):
            await runs.inbox.answer("", "the red one", by="me")
        assert first.id[:8] != second.id[:8]
        await runs.inbox.answer(first.id[:8], "the red one", by="me")
        assert [item.id for item in await runs.inbox.pending()] == [second.id]


async def test_an_answer_of_another_kind_than_asked_for_is_refused() -> None:
    async with opened() as runs:
        run = await runs.start(agent([ASK, "done"], ask_human()), "go")
        question = await the_question(run)
        for wrong in (
            runs.inbox.approve(question.id, by="me"),
            runs.inbox.edit(question.id, {"question": "Who?"}, by="me"),
        ):
            with pytest.raises(AnswerError, match="'Which one\\?': answer with answer or deny"):
                await wrong
        assert await run.pending() == [question]


async def test_a_budget_is_no_answer_to_a_question_about_something_else() -> None:
    @tool(effect="money", approval=True)
    def pay(amount: int) -> str:
        """Pay."""
        return "paid"

    async with opened() as runs:
        run = await runs.start(agent([use("pay", amount=3), "done"], pay), "go", budget=Budget(model_calls=9))
        question = await the_question(run)
        with pytest.raises(AnswerError, match="is about no budget"):
            await runs.inbox.approve(question.id, by="me", budget=Budget(model_calls=99))
        assert (await runs.balance(f"run:{run.id}")).budget.model_calls == 9


async def test_an_answer_is_not_lost_while_the_run_is_being_driven() -> None:
    go = asyncio.Event()

    @tool(effect="none")
    async def work() -> str:
        """Work."""
        await go.wait()
        return "worked"

    tally = Tally()

    @tool(effect="money", approval=True)
    def pay(amount: int) -> str:
        """Pay."""
        tally.count()
        return "paid"

    async with opened() as runs:
        run = await runs.start(agent([[use("pay", amount=3), use("work")], "done"], pay, work), "go")
        async for event in run.stream():
            if event.type == "human_asked":
                break
        (question,) = await run.pending()
        await runs.inbox.approve(question.id, by="me")
        assert (await run.row()).status == "running"
        go.set()
        result = await run.result()
    assert [item.text for item in result.messages[2].results] == ["paid", "worked"]
    assert len(tally.keys) == 1


async def test_two_questions_at_once_are_answered_in_any_order() -> None:
    async with opened() as runs:
        helper = agent([[ASK, use("ask_human", question="When?")], "done"], ask_human())
        run = await runs.start(helper, "go")
        async for _ in run.stream():
            pass
        first, second = await run.pending()
        await runs.inbox.answer(second.id, "now", by="me")
        async for _ in run.stream():
            pass
        assert [item.id for item in await run.pending()] == [first.id]
        await runs.inbox.answer(first.id, "the red one", by="me")
        result = await run.result()
    assert {item.text for item in result.messages[2].results} == {"now", "the red one"}


async def test_of_two_people_who_answer_at_once_exactly_one_does() -> None:
    async with opened() as runs:
        run = await runs.start(agent([ASK, "done"], ask_human()), "go")
        question = await the_question(run)
        came_of = await asyncio.gather(
            *(runs.inbox.answer(question.id, f"number {n}", by=f"person {n}") for n in range(8)),
            return_exceptions=True,
        )
        result = await run.result()
    assert sum(isinstance(item, AnswerError) for item in came_of) == 7
    (answered,) = only(HumanAnswered, result.events)
    assert result.messages[2].text == answered.value == f"number {came_of.index(question)}"
    assert answered.by == f"person {came_of.index(question)}"


async def test_an_answer_comes_from_another_process(tmp_path: Path) -> None:
    helper = agent([ASK, "done"], ask_human())
    async with opened(tmp_path / "runs.db") as runs:
        run = await runs.start(helper, "go")
        question = await the_question(run)
        async with opened(tmp_path / "runs.db", work=False, seed=1) as other:
            (seen,) = await other.inbox.pending()
            assert seen == question
            await other.inbox.answer(seen.id, "the red one", by="somebody else")
        assert (await run.result()).output == "done"


def _held(run: str) -> list[object]:
    """Give what is in memory of a run that is being driven."""
    gc.collect()
    kept = [item for item in gc.get_objects() if isinstance(item, JournalDoor | Writer) and item.run == run]
    return [*kept, *(task for task in asyncio.all_tasks() if run in task.get_name())]


async def test_nothing_of_a_waiting_run_stays_in_memory() -> None:
    async with opened() as runs:
        run = await runs.start(agent([ASK, "done"], ask_human()), "a rare word")
        await the_question(run)
        await parked(run)
        async with asyncio.timeout(10):  # whoever drove it still has to let go of it
            while _held(run.id):  # noqa: ASYNC110 - memory tells nobody
                await asyncio.sleep(0.01)


async def test_an_answer_that_was_meant_for_another_question_is_not_taken() -> None:
    helper = agent([ASK, "done"], ask_human())
    async with faulty() as store, opened(store, work=False) as front:
        run = await front.start(helper, "go")
        n_events = (await run.row()).n_events
        stray = HumanAnswered(
            key="wait:0:call_0_0", digest="of something else", verdict="answer", value="x", by="?"
        )
        await store.append(Append(run=run.id, expected=n_events, at=1000.0, events=((1000.0, stray),)))
        async with opened(store, helper, seed=1) as runs:
            question = await the_question(await runs.get(run.id))
            await runs.inbox.answer(question.id, "the red one", by="me")
            result = await run.result()
    assert [item.result.text for item in only(ToolReturned, result.events)] == ["the red one"]


async def test_questions_are_listed_the_oldest_first_and_by_run() -> None:
    async with opened() as runs:
        helper = agent([lambda request: use("ask_human", question=request.messages[-1].text), "done"], ask_human())
        several = [await runs.start(helper, words, id=words) for words in ("one", "two")]
        for run in several:
            await the_question(run)
        assert [item.question for item in await runs.inbox.pending("two")] == ["two"]
        assert {item.run for item in await runs.inbox.pending()} == {"one", "two"}
        assert await runs.inbox.pending("nosuch") == []
        with pytest.raises(UnknownRun):
            await runs.get("nosuch")
