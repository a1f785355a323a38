"""Runs of a store as training conversations."""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mainspring import Agent, Escalate, Prompt, ScriptedModel, tool, use
from mainspring.core import Act, Answer, Entry, FakeClock, Unusable
from mainspring.core.errors import JournalUnavailable
from mainspring.data.traces import Counts
from mainspring.data.traces.ended import ended_runs
from mainspring.data.writing.conversation import conversation_problems
from tests.unit.data.traces.clerks import (
    answered,
    clerk,
    family,
    finished,
    found,
    paid,
    runs_of,
    said,
    secret,
    taken,
)
from tests.unit.runs.making import faulty, opened, plays
from tests.unit.runs.shapes import SHAPES, Shape, Structured


async def test_a_run_becomes_a_conversation_with_its_calls_tools_and_answer() -> None:
    async with opened() as runs:
        run = await answered(runs, "What is x?", Act(thought="I look.", calls=(use("look", q="x"),)), found)
        (candidate,) = await taken(runs)
    assert said(candidate) == [
        ("system", "You are a clerk."),
        ("user", "What is x?"),
        ("assistant", "I look."),
        ("tool", "all about x"),
        ("assistant", "I found all about x."),
    ]
    names: list[Any] = [wire["function"] for wire in candidate.tools]
    assert [function["name"] for function in names] == ["look", "pay", "ask_human"]
    example = candidate.example
    assert (example.question, example.answer) == ("What is x?", "I found all about x.")
    assert (example.document, candidate.provenance.run) == (run, run)
    assert candidate.provenance.models == {"clerk": "scripted"}
    digest = Prompt("You are a clerk.", verbatim=True).digest
    assert candidate.provenance.prompts == {"clerk": f"?:{digest}"}
    assert candidate.is_accepted


async def test_a_call_that_failed_is_marked_as_such() -> None:
    @tool(effect="fetch")
    def seek(q: str) -> str:
        """Look it up."""
        raise ValueError(f"no {q}")

    async with opened() as runs:
        worker = clerk(use("seek", q="x"), "There is none.", tools=[seek])
        await finished(await runs.start(worker, "What is x?"))
        (candidate,) = await taken(runs)

    assert [message.get("is_error") for message in candidate.messages if message["role"] == "tool"] == [True]


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_run_of_any_shape_is_a_conversation_that_trainers_take_or_is_left_out(shape: Shape) -> None:
    async with opened() as runs:
        run = await shape(runs)
        counts = Counts()
        candidates = await taken(runs, agent=(await runs.row(run)).agent, counts=counts)
    for candidate in candidates:
        names: list[Any] = [wire["function"] for wire in candidate.tools]
        problems = conversation_problems([*candidate.messages], [function["name"] for function in names])
        assert list(problems) == []
    assert counts.n_looked_at == counts.n_taken + counts.left_out.total()


async def test_corrected_steps_stay_out_with_their_corrections() -> None:
    script = (
        Unusable(reason="no JSON", written="hm"),
        use("look", q="x"),
        use("look", q="x"),
        Answer(value="three"),
        "3",
    )
    async with opened() as runs:
        await finished(await runs.start(clerk(*script), "How many?", output=int))
        (good,) = await taken(runs)
        (whole,) = await taken(runs, keep_corrections=True)
    assert said(good) == [
        ("system", "You are a clerk."),
        ("user", "How many?"),
        ("assistant", [("look", '{"q":"x"}')]),
        ("tool", "all about x"),
        ("assistant", "3"),
    ]
    assert sum(role == "user" for role, _ in said(whole)) == 4


async def test_an_answer_that_a_judge_sent_back_stays_out() -> None:
    def check(answer: str) -> str:
        return "" if answer == "good" else "it is not good"

    weak, strong = plays(["bad"], name="weak"), plays([None, "good"], name="strong")
    async with opened() as runs:
        worker = Agent("clerk", model=weak, escalate=Escalate([strong], judge=check))
        await finished(await runs.start(worker, "Be good."))
        (candidate,) = await taken(runs)
    assert said(candidate) == [("user", "Be good."), ("assistant", "good")]
    assert candidate.provenance.models == {"clerk": "weak, strong"}


async def test_a_call_that_a_human_changed_is_learnt_as_it_was_made() -> None:
    async with opened() as runs:
        await paid(runs, "edit")
        (candidate,) = await taken(runs, "edited")
    assert ("assistant", [("pay", '{"amount":2}')]) in said(candidate)


async def test_the_json_of_structured_replies_is_not_learnt() -> None:
    async with opened() as runs:
        worker = Agent("clerk", model=Structured([use("look", q="x"), "done"]), tools=[*clerk().tools.values()])
        await finished(await runs.start(worker, "Go."))
        (candidate,) = await taken(runs)
    assert said(candidate)[1:] == [
        ("assistant", [("look", '{"q":"x"}')]),
        ("tool", "all about x"),
        ("assistant", "done"),
    ]


async def test_an_answer_that_a_tool_gave_is_said_at_the_end() -> None:
    @tool(effect="fetch", answers=True)
    def tell(q: str) -> str:
        """Tell."""
        return f"told {q}"

    async with opened() as runs:
        await finished(await runs.start(clerk(use("tell", q="x"), tools=[tell]), "Tell."))
        (candidate,) = await taken(runs)
    assert said(candidate)[-2:] == [("tool", "told x"), ("assistant", "told x")]


async def test_a_tools_answer_that_was_judged_good_is_said_with_its_call() -> None:
    @tool(effect="fetch", answers=True)
    def tell(q: str) -> str:
        """Tell."""
        return f"told {q}"

    def check(answer: str) -> str:
        return ""

    async with opened() as runs:
        strong = Escalate([plays(["never"], name="strong")], judge=check)
        worker = Agent("clerk", model=plays([use("tell", q="x")]), tools=[tell], escalate=strong)
        await finished(await runs.start(worker, "Tell."))
        (candidate,) = await taken(runs)
    assert said(candidate)[1:] == [
        ("assistant", [("tell", '{"q":"x"}')]),
        ("tool", "told x"),
        ("assistant", "told x"),
    ]


async def test_the_first_words_of_a_long_talk_are_the_question() -> None:
    clock = FakeClock(1000.0)
    async with opened(clock=clock) as runs:
        first = await (await runs.start(clerk("Hello."), "Hi.")).result()
        clock.advance(1.0)
        worker = clerk("Fine.", instructions="")
        await finished(await runs.start(worker, "How are you?", messages=first.messages))
        candidate, *_ = await taken(runs)
    assert (candidate.example.question, candidate.example.answer) == ("Hi.", "Fine.")


async def test_what_is_secret_is_left_out_and_counted_unless_it_is_asked_for() -> None:
    async with opened() as runs:
        await finished(await runs.start(clerk("Yes."), secret("The code is 7.")))
        counts = Counts()
        assert await taken(runs, counts=counts) == []
        assert counts.left_out == Counter(secret=1)
        (marked,) = await taken(runs, secret="mark", counts=counts)
        assert [objection.check for objection in marked.objections] == ["secret"]
        assert counts.n_marked == 1
        (candidate,) = await taken(runs, secret="take")
        assert candidate.is_accepted


async def test_untrusted_words_are_left_out_or_marked_by_choice() -> None:
    async with opened() as runs:
        await answered(runs, "look?", use("look", q="x"), "I looked.")
        counts = Counts()
        assert await taken(runs, untrusted="leave_out", counts=counts) == []
        assert counts.left_out == Counter(untrusted=1)
        (marked,) = await taken(runs, untrusted="mark")
        assert [objection.check for objection in marked.objections] == ["untrusted"]
        assert len(await taken(runs)) == 1


async def test_children_are_examples_of_their_own_where_they_are_wanted() -> None:
    async with opened() as runs:
        run = await finished(await runs.start(family(2), "Do two things."))
        assert runs_of(await taken(runs)) == [run]
        counts = Counts()
        candidates = await taken(runs, "label=untrusted", children=True, counts=counts)
    first, *others = [candidate.example.question for candidate in candidates]
    assert (first, sorted(others)) == ("Do two things.", ["task 0 of 2", "task 1 of 2"])
    assert all(name.startswith(f"{run}.") for name in runs_of(candidates[1:]))
    assert [*candidates[1].provenance.models] == ["helper"]
    assert counts.n_looked_at == 3


async def test_a_run_that_is_somebodys_child_too_is_taken_once() -> None:
    inner = Agent("clerk", model=plays(["Helped."]), description="Helps.")
    async with opened() as runs:
        outer = Agent("outer", model=plays([use("clerk", task="help"), "Done."]), tools=[inner.as_tool()])
        await finished(await runs.start(outer, "Do it."))
        candidates = await taken(runs, agent="outer", children=True)
        assert len(candidates) == 2
        assert runs_of(await taken(runs, children=True)) == [candidates[1].provenance.run]


async def test_a_run_without_an_answer_is_never_taken() -> None:
    async with opened() as runs:
        await finished(await runs.start(Agent("clerk", model=ScriptedModel([])), "Fail."))
        counts = Counts()
        assert await taken(runs, "failed", counts=counts) == []
        assert counts.left_out == Counter(no_answer=1)
        assert await taken(runs, "finished", counts=counts) == []
        assert counts.left_out == Counter(no_answer=1, filter=1)


async def test_runs_in_which_the_same_was_said_are_one_example() -> None:
    async with opened() as runs:
        for _ in range(3):
            await answered(runs, "Hello?", "Hi.")
        await answered(runs, "Hello?", "Good day.")
        counts = Counts()
        assert len(await taken(runs, counts=counts)) == 2
        assert counts.left_out == Counter(same_words=2)


async def test_as_many_as_are_wanted_are_taken_the_newest_first() -> None:
    clock = FakeClock(1000.0)
    async with opened(clock=clock) as runs:
        made = []
        for place in range(5):
            made.append(await answered(runs, f"{place}?"))
            clock.advance(1.0)
        counts = Counts()
        assert runs_of(await taken(runs, limit=2, counts=counts)) == made[:2:-1]
        assert counts.n_looked_at == 2


@pytest.mark.parametrize("seconds", [0.0, 0.0004, 2.0])
@pytest.mark.parametrize("page", [1, 2, 5])
async def test_paging_gives_every_run_once_however_close_together_they_were_made(seconds: float, page: int) -> None:
    clock = FakeClock(1.7e9)
    async with opened(clock=clock) as runs:
        made = []
        for place in range(7):
            made.append(await answered(runs, f"{place}?", id=f"run-{place}"))
            clock.advance(seconds)
        await answered(runs, "another's?", id="other")
        found = [row.id async for row in ended_runs(runs, "clerk", page=page)]
    assert sorted(found) == sorted([*made, "other"])
    if seconds:
        assert found == ["other", *reversed(made)]


async def test_a_run_of_a_newer_version_is_reported_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with opened(path) as runs:
        await answered(runs, "old?", id="old")
        await answered(runs, "new?", id="new")
    with sqlite3.connect(path) as db:
        changed = db.execute(
            "UPDATE events SET body = replace(body, '\"version\":3', '\"version\":99') "
            "WHERE run = 'new' AND type = 'model_replied'"
        )
        assert changed.rowcount == 1
    db.close()
    async with opened(path) as runs:
        counts = Counts()
        assert runs_of(await taken(runs, counts=counts)) == ["old"]
    assert counts.left_out == Counter(unreadable=1)
    (problem,) = counts.problems
    assert "run 'new'" in problem
    assert "99" in problem


async def test_a_store_that_goes_away_ends_the_reading_with_its_own_error() -> None:
    async with faulty() as store, opened(store) as runs:
        await answered(runs)

        async def gone(run: str, start: int = 0) -> list[Entry]:
            raise JournalUnavailable("the disk is gone")

        store.entries = gone  # type: ignore[method-assign]  # the store of this test alone
        with pytest.raises(JournalUnavailable):
            await taken(runs)
