"""Two runs compared: what counts as the same, and where they part."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from mainspring import Agent, Budget, ScriptedModel, ToolError, tool, use
from mainspring.core import Act, Entry, FakeClock, ToolCall, Unusable
from mainspring.core.errors import JournalError, UnknownRun
from mainspring.runs import Diff, DurableRun, Runs
from mainspring.runs.diff import diff
from tests.unit.runs.making import agent, opened, plays, the_question


def look(q: str) -> str:
    """Look something up."""
    return f"all about {q}"


@tool(effect="money", approval=True)
def pay(amount: int) -> str:
    """Pay."""
    return "paid"


async def ended(runs: Runs, worker: Agent, words: str = "go", **terms: Any) -> str:
    """Drive a run to its end, and give its id."""
    run: DurableRun[Any] = await runs.start(worker, words, **terms)
    async for _ in run.stream():
        pass
    return run.id


async def compared(one: Agent, other: Agent, words: tuple[str, str] = ("go", "go")) -> Diff:
    """Drive a run of each agent, and compare them."""
    async with opened() as runs:
        return await runs.diff(await ended(runs, one, words[0]), await ended(runs, other, words[1]))


async def test_runs_that_went_the_same_are_the_same_whatever_their_models_and_costs() -> None:
    lines = [use("look", q="gears"), "gears mesh"]
    one = agent(lines, look, name="one")
    other = agent(lines, look, name="other", model=plays(lines, name="another model"))
    found = await compared(one, other)
    assert found.same
    assert found.first is None
    assert found.same_end
    assert found.beginning == ()
    assert [(step.turn, step.same) for step in found.steps] == [(0, True), (1, True)]
    assert (found.one.agent, found.other.agent) == ("one", "other")
    assert (found.one.model, found.other.model) == ("scripted", "another model")


async def test_the_first_step_that_differs_is_named_with_what_differs() -> None:
    one = agent([use("look", q="gears"), use("look", q="springs"), "done"], look, name="one")
    other = agent([use("look", q="gears"), use("look", q="levers"), "done"], look, name="other")
    found = await compared(one, other)
    assert found.first == 1
    assert found.steps[1].differs == ("calls", "results")
    assert not found.same
    assert found.same_end
    step = found.steps[1].other
    assert step is not None
    assert [(call.name, call.arguments, call.result) for call in step.calls] == [
        ("look", {"q": "levers"}, "all about levers")
    ]


async def test_the_same_call_with_another_result_is_a_step_that_differs() -> None:
    def failing(q: str) -> str:
        """Look something up."""
        raise ToolError("no light")

    lines = [use("look", q="gears"), "done"]
    one, other = agent(lines, look, name="one"), agent(lines, tool(name="look")(failing), name="other")
    found = await compared(one, other)
    assert found.steps[0].differs == ("results",)
    assert found.steps[0].other is not None
    assert found.steps[0].other.calls[0].is_error


async def test_a_thought_in_other_words_is_told_apart_from_another_decision() -> None:
    def thinks(thought: str, call_id: str) -> Agent:
        call = ToolCall(id=call_id, name="look", arguments={"q": "x"})
        return agent([Act(thought=thought, calls=(call,)), "done"], look, name=call_id)

    found = await compared(thinks("hm", "a"), thinks("aha", "b"))
    assert found.steps[0].differs == ("thought",)
    assert found.steps[1].same


async def test_results_of_parallel_calls_may_come_in_another_order() -> None:
    def waits_for(first: str) -> Agent:
        has_come = asyncio.Event()

        async def look(q: str) -> str:
            """Look something up."""
            if q == first:
                has_come.set()
            await has_come.wait()
            return f"all about {q}"

        return agent([[use("look", q="gears"), use("look", q="springs")], "done"], look, name=f"{first} first")

    found = await compared(waits_for("gears"), waits_for("springs"))
    assert found.same


async def test_an_order_of_arguments_is_no_difference_but_another_type_is() -> None:
    def set_to(a: object, b: object) -> str:
        """Set."""
        return "set"

    async def differs(one: ToolCall, other: ToolCall) -> tuple[str, ...]:
        agents = agent([one, "done"], set_to, name="one"), agent([other, "done"], set_to, name="other")
        return (await compared(*agents)).steps[0].differs

    assert await differs(use("set_to", a=1, b=2), use("set_to", b=2, a=1)) == ()
    assert await differs(use("set_to", a=1, b=2), use("set_to", a=True, b=2)) == ("calls",)


async def test_corrections_and_other_answers_are_seen() -> None:
    one = agent([Unusable(reason="no JSON", written="hm"), "yes"], name="one")
    other = agent([Unusable(reason="no XML", written="hm"), "no"], name="other")
    found = await compared(one, other)
    assert [step.differs for step in found.steps] == [("correction",), ("answer",)]
    assert not found.same_end
    assert (found.one.outcome, found.other.outcome) == ("yes", "no")


async def test_a_run_that_waits_is_compared_as_far_as_it_is() -> None:
    lines = [use("look", q="gears"), use("pay", amount=3), "done"]
    async with opened() as runs:
        worker = agent(lines, look, pay)
        open_run, done = await runs.start(worker, "go"), await runs.start(worker, "go")
        await the_question(open_run)
        await runs.inbox.approve((await the_question(done)).id, by="ada")
        await done.result()
        found = await runs.diff(open_run.id, done.id)
    assert (found.one.ended, found.other.ended) == (None, "finished")
    assert found.first == 1
    assert [step.differs for step in found.steps] == [(), ("results",), ("presence",)]
    assert found.steps[2].one is None
    asked = found.steps[1].one, found.steps[1].other
    assert [step.calls[0].waits[0].answer for step in asked if step is not None] == [None, "approve"]


async def test_arguments_that_a_human_changed_make_a_step_differ() -> None:
    async with opened() as runs:
        worker = agent([use("pay", amount=3), "done"], pay)
        kept, changed = await runs.start(worker, "go"), await runs.start(worker, "go")
        await runs.inbox.approve((await the_question(kept)).id, by="ada")
        await runs.inbox.edit((await the_question(changed)).id, {"amount": 4}, by="ada", reason="one more")
        await kept.result()
        await changed.result()
        found = await runs.diff(kept.id, changed.id)
    assert found.steps[0].differs == ("results",)
    step = found.steps[0].other
    assert step is not None
    assert (step.calls[0].arguments, step.calls[0].edited, step.calls[0].result) == (
        {"amount": 3},
        {"amount": 4},
        "paid",
    )
    (waited,) = step.calls[0].waits
    assert (waited.kind, waited.answer, waited.by) == ("approval", 'edit: {"amount":4}', "ada")


async def test_runs_with_nothing_in_common_differ_from_the_first_step_on() -> None:
    one = agent(["yes"], name="one", instructions="Be brief.")
    other = agent(
        [use("look", q="gears"), use("look", q="springs"), "no"], look, name="other", instructions="Be long."
    )
    found = await compared(one, other, ("may I?", "must I?"))
    assert found.beginning == ("instructions", "input")
    assert found.first == 0
    assert [step.same for step in found.steps] == [False, False, False]
    assert (found.one.n_steps, found.other.n_steps) == (1, 3)
    assert (found.one.input, found.other.instructions) == ("may I?", "Be long.")


async def test_an_earlier_conversation_and_an_answer_form_belong_to_the_beginning() -> None:
    async with opened() as runs:
        worker = agent(["1"])
        first = await (await runs.start(worker, "go")).result()
        plain = await ended(runs, worker)
        with_more = await ended(runs, worker, messages=first.messages, output=int)
        found = await runs.diff(plain, with_more)
    assert found.beginning == ("conversation", "answer form")


async def test_what_both_runs_used_is_added_up() -> None:
    clock = FakeClock(1000.0)

    def slow(q: str) -> str:
        """Look something up."""
        clock.advance(2.0)
        return q

    async with opened(clock=clock) as runs:
        quick = await ended(runs, agent(["done"], name="quick"))
        long = await ended(runs, agent([use("slow", q="gears"), "done"], slow, name="long"))
        found = await runs.diff(quick, long)
    assert (found.one.usage.tool_calls, found.other.usage.tool_calls) == (0, 1)
    assert (found.one.tool_s, found.other.tool_s) == (0.0, 2.0)
    assert (found.one.elapsed_s, found.other.elapsed_s) == (0.0, 2.0)


async def test_a_reply_that_was_used_again_is_the_same_and_said_to_be_cached() -> None:
    async with opened() as runs:
        worker = agent(["done"], cache=True)
        found = await runs.diff(await ended(runs, worker), await ended(runs, worker))
    assert found.same
    assert [step.cached for step in (found.steps[0].one, found.steps[0].other) if step is not None] == [False, True]


async def test_a_failure_that_names_its_own_run_is_the_same_end() -> None:
    async with opened() as runs:
        worker = agent([use("look", q="gears"), "done"], look)
        budget = Budget(model_calls=1)
        found = await runs.diff(await ended(runs, worker, budget=budget), await ended(runs, worker, budget=budget))
    assert found.one.ended == "failed"
    assert found.one.outcome != found.other.outcome
    assert found.same


async def test_a_run_without_a_reply_is_compared_too() -> None:
    async with opened() as runs:
        failed = await ended(runs, Agent("silent", model=ScriptedModel([])))
        found = await runs.diff(failed, await ended(runs, agent(["done"])))
    assert found.steps[0].differs == ("presence",)
    assert found.steps[0].one is not None
    assert found.steps[0].one.failure.startswith("ModelError: ")


async def test_a_run_compared_with_itself_is_the_same_under_any_name() -> None:
    async with opened() as runs:
        run = await ended(runs, agent([[use("look", q="gears"), use("nothing")], "done"], look))
        entries = await runs.store.entries(run)
    renamed: list[Entry] = [replace(entry, run="another", at=entry.at + 5.0) for entry in entries]
    found = diff(entries, renamed)
    assert found.same
    assert (found.one.run, found.other.run) == (run, "another")


async def test_only_runs_that_are_there_can_be_compared() -> None:
    async with opened() as runs:
        run = await ended(runs, agent(["done"]))
        with pytest.raises(UnknownRun, match="no run 'nowhere'"):
            await runs.diff(run, "nowhere")
        with pytest.raises(JournalError, match="beginning"):
            diff(await runs.store.entries(run), [])
