from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from mainspring import Budget, MainspringError, Prompt, ScriptedModel, ask_human, tool, use, wait_for
from mainspring.core import Answer, FakeClock, Unusable
from mainspring.core.errors import UnknownRun
from mainspring.core.events import ModelCalled, ToolReturned
from mainspring.models.prices import Rates
from mainspring.runs import DurableRun, Runs
from mainspring.runs.definition import definition_of
from mainspring.runs.history import History
from mainspring.runs.replay import replay
from tests.unit.runs.making import agent, crash, faulty, opened, plays


@tool(effect="fetch")
def look(what: str) -> str:
    """Look something up."""
    return f"{what} is here"


@tool(effect="money", approval=True)
def pay(cents: int) -> str:
    """Pay."""
    return f"paid {cents}"


class Order(BaseModel):
    """An answer with a type."""

    item: str
    number: int = 1


async def answered(runs: Runs, run: DurableRun[Any]) -> None:
    """Bring a run to its end, and say yes to whatever it asks."""
    while True:
        async for _ in run.stream():
            pass
        asked = await run.pending()
        if not asked:
            return
        for item in asked:
            if item.kind == "question":
                await runs.inbox.answer(item.id, "because", by="ada")
            else:
                await runs.inbox.approve(item.id, by="ada")


async def test_every_event_of_a_run_is_reproduced_from_its_journal_alone() -> None:
    kid = agent([use("look", what="a bench"), "a bench"], look, name="kid").as_tool(description="knows benches")
    worker = agent(
        [
            [use("look", what="oak"), use("pay", cents=3), use("look", what="teak")],
            [use("kid", task="a bench"), use("ask_human", question="which?")],
            use("wait", seconds=0),
            use("nothing"),
            Unusable(reason="not JSON", written="hm"),
            use("look", what="oak"),
            use("look", what="oak"),
            "done",
        ],
        look,
        pay,
        ask_human(),
        wait_for(),
        kid,
    )
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "furnish it")
        await answered(runs, run)
        assert (await run.result()).output == "done"
        n_events = len(await run.events())
        asked = worker.model.requests if isinstance(worker.model, ScriptedModel) else []
        n_asked = len(asked)
        replayed = await runs.replay(run.id)
        assert (replayed.n_events, replayed.divergence) == (n_events, None)
        assert (await runs.replay(run.id, worker)).divergence is None
        assert len(asked) == n_asked


@pytest.mark.parametrize("verdict", ["deny", "edit"])
async def test_a_refused_and_an_edited_call_are_reproduced(verdict: str) -> None:
    worker = agent([[use("pay", cents=3), use("look", what="oak")], "done"], look, pay)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "pay")
        async for _ in run.stream():
            pass
        (asked,) = await run.pending()
        if verdict == "deny":
            await runs.inbox.deny(asked.id, by="ada", reason="too much")
        else:
            await runs.inbox.edit(asked.id, {"cents": 2}, by="ada")
        await run.result()
        assert (await runs.replay(run.id)).divergence is None


async def test_answers_that_were_sent_back_are_reproduced() -> None:
    worker = agent(["an order", Answer(value={"number": 3}), Answer(value={"item": "bench", "number": "2"})])
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "order", output=Order)
        assert (await run.result()).output == Order(item="bench", number=2)
        assert (await runs.replay(run.id)).divergence is None


async def test_a_failed_run_is_reproduced_with_its_error() -> None:
    worker = agent([use("look", what=str(turn)) for turn in range(5)], look, max_steps=2)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        with pytest.raises(MainspringError, match="2 steps"):
            await run.result()
        assert (await runs.replay(run.id)).divergence is None


async def test_a_run_that_failed_at_its_model_and_was_resumed_is_reproduced() -> None:
    fails = iter([True, False])
    worker = agent([lambda _: MainspringError("no") if next(fails) else "done"])
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        with pytest.raises(MainspringError):
            await run.result()
        assert (await runs.replay(run.id)).divergence is None
        await runs.resume(run.id)
        assert (await run.result()).output == "done"
        assert (await runs.replay(run.id)).divergence is None


async def test_a_run_that_was_cut_off_is_reproduced_as_far_as_it_got() -> None:
    worker, clock = agent([use("look", what="oak"), "done"], look), FakeClock(1000.0)
    async with faulty() as store:
        name = await crash(store, clock, worker, lambda event: isinstance(event, ToolReturned))
        async with opened(store, clock=clock) as runs:
            replayed = await runs.replay(name)
            assert replayed.divergence is None


async def test_a_run_that_went_on_with_a_cheaper_model_is_reproduced() -> None:
    models = [
        plays(
            [use("look", what="oak"), "done"], name=name, price=Rates(input=Decimal(price), output=Decimal(price))
        )
        for name, price in (("dear", 1000), ("cheap", 1))
    ]
    worker = agent([], look, model=models)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go", budget=Budget(usd=Decimal("0.5"), when_spent="degrade"))
        await run.result()
        asked = [event.model for event in await run.events() if isinstance(event, ModelCalled)]
        assert asked == ["cheap", "cheap"]
        assert (await runs.replay(run.id)).divergence is None


async def test_the_first_event_that_another_agent_would_not_have_made_is_told_with_both_sides() -> None:
    worker = agent([use("look", what="oak"), "done"], look, instructions="Be brief.")
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        await run.result()
        replayed = await runs.replay(run.id, worker.replace(prompt=Prompt("Be long.", verbatim=True)))
    assert replayed.divergence is not None
    assert replayed.divergence.seq == replayed.n_events == 1
    assert replayed.divergence.recorded is not None
    assert replayed.divergence.derived is not None
    assert replayed.divergence.words == "event 1, run_started: agent_digest, messages not as recorded"


@pytest.mark.parametrize(("place", "words"), [(3, "model_called"), (6, "tool_called")])
async def test_a_record_that_was_tampered_with_is_found_out(place: int, words: str) -> None:
    worker = agent([use("look", what="oak"), "done"], look)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        await run.result()
        entries = await runs.store.entries(run.id)
        definition = await definition_of(runs.store, History(entries))
    kept = [entry for entry in entries if entry.event.type != "attempted"]
    at = next(seq for seq, entry in enumerate(kept) if entry.event.type == words)
    event: Any = kept[at].event
    changed = replace(event, **({"n_messages": 9} if words == "model_called" else {"call": look_for("teak")}))
    kept[at] = replace(kept[at], event=changed)
    found = (await replay(run.id, kept, definition)).divergence
    assert found is not None
    assert found.recorded == changed
    assert found.derived == event


def look_for(what: str) -> Any:
    return replace(use("look", what=what), id="call_0_0")


async def test_an_event_that_was_taken_out_of_the_record_is_found_out() -> None:
    worker = agent([use("look", what="oak"), use("look", what="teak"), "done"], look)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        await run.result()
        entries = await runs.store.entries(run.id)
        definition = await definition_of(runs.store, History(entries))
    for entry in entries:
        if entry.event.type in {"submitted", "attempted", "run_started"}:
            continue
        rest = [other for other in entries if other is not entry]
        if entry.event.type == "finished":
            continue  # a run without its end is one that was cut off
        assert (await replay(run.id, rest, definition)).divergence is not None, entry.event.type


async def test_a_run_that_is_not_there_cannot_be_replayed() -> None:
    async with opened(":memory:") as runs:
        with pytest.raises(UnknownRun, match="no run 'run_x'"):
            await runs.replay("run_x")
