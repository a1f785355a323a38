"""Stopping runs: wherever they are, whoever drives them, and once is enough."""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from mainspring import tool, use
from mainspring.core import Budget, FakeClock
from mainspring.core.errors import RunCancelled
from mainspring.core.events import Attempted, CancelAsked, Cancelled, DoubtFound, Finished, Resumed, ToolReturned
from mainspring.runs import Query
from mainspring.runs.journal import Append
from mainspring.runs.ledger import Balance
from mainspring.tools import ask_human, wait_for
from tests.unit.agent.making import asked, names, only
from tests.unit.runs.making import Held, Tally, agent, faulty, opened, parked, the_question


def endless(begun: asyncio.Event, stopped: asyncio.Event) -> Callable[..., object]:
    """Make a tool that works until it is stopped."""

    @tool(effect="none")
    async def work() -> str:
        """Work."""
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return "never"

    return work


async def test_a_run_that_nobody_has_begun_to_drive_is_cancelled_at_once() -> None:
    helper = agent(["hello"])
    async with faulty() as store:
        async with opened(store, work=False) as runs:
            run = await runs.start(helper, "hi")
            await run.cancel(by="me")
            assert (await run.row()).status == "cancelled"
        async with opened(store, helper, seed=1) as runs:
            assert await runs.sweep() == 0
            with pytest.raises(RunCancelled, match=f"run {run.id} was cancelled"):
                await (await runs.get(run.id)).result()
    assert asked(helper) == []


async def test_a_run_for_later_is_not_begun_any_more() -> None:
    clock, helper = FakeClock(1000.0), agent(["hello"])
    async with opened(clock=clock) as runs:
        run = await runs.start(helper, "hi", at=2000.0)
        await run.cancel()
        clock.advance(5000.0)
        assert await runs.sweep() == 0
        assert names(await run.events())[-2:] == ["CancelAsked", "Cancelled"]


async def test_a_run_that_waits_for_a_human_is_cancelled_at_once() -> None:
    async with opened() as runs:
        run = await runs.start(agent([use("ask_human", question="?"), "done"], ask_human()), "go")
        await the_question(run)
        await run.cancel(by="me")
        with pytest.raises(RunCancelled):
            await run.result()
        seen = await run.events()
        assert [item.by for item in only(CancelAsked, seen)] == ["me"]
        (cancelled,) = only(Cancelled, seen)
        assert cancelled.usage.model_calls == 1
        assert await run.pending() == []


async def test_a_run_that_waits_for_time_to_pass_is_cancelled_at_once() -> None:
    clock = FakeClock(1000.0)
    async with opened(clock=clock) as runs:
        run = await runs.start(agent([use("wait", seconds=60), "done"], wait_for()), "go")
        await parked(run)
        await run.cancel()
        clock.advance(60.0)
        assert await runs.sweep() == 0
        assert (await run.row()).status == "cancelled"


async def test_a_run_in_the_middle_of_a_call_is_stopped() -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()
    async with opened() as runs:
        run = await runs.start(agent([use("work"), "done"], endless(begun, stopped)), "go")
        await begun.wait()
        await run.cancel(by="me")
        with pytest.raises(RunCancelled):
            await run.result()
        assert stopped.is_set()
        assert only(ToolReturned, await run.events()) == []
        assert names(await run.events())[-2:] == ["CancelAsked", "Cancelled"]


async def test_a_run_in_the_middle_of_a_reply_is_stopped() -> None:
    model = Held(["hello"])
    async with opened() as runs:
        run = await runs.start(agent([], model=model), "hi")
        await model.begun.wait()
        await run.cancel()
        with pytest.raises(RunCancelled):
            await run.result()
    assert model.requests == []


async def test_a_run_that_another_process_drives_is_stopped(tmp_path: Path) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()
    helper = agent([use("work"), "done"], endless(begun, stopped))
    async with opened(tmp_path / "runs.db", lease_s=0.06) as driving:
        run = await driving.start(helper, "go")
        await begun.wait()
        async with opened(tmp_path / "runs.db", work=False, seed=1) as other:
            await other.cancel(run.id, by="somebody else")
            seen = await other.get(run.id)
            with pytest.raises(RunCancelled):
                await seen.result()
        assert stopped.is_set()
        assert [item.by for item in only(CancelAsked, await run.events())] == ["somebody else"]


async def test_cancelling_twice_is_cancelling_once() -> None:
    async with opened() as runs:
        run = await runs.start(agent([use("ask_human", question="?"), "done"], ask_human()), "go")
        await the_question(run)
        await asyncio.gather(run.cancel(), run.cancel(), run.cancel())
        before = await run.events()
        await run.cancel()
        assert await run.events() == before
        assert len(only(Cancelled, before)) == 1


async def test_a_run_that_has_ended_stays_as_it_is() -> None:
    async with opened() as runs:
        run = await runs.start(agent(["hello"]), "hi")
        await run.result()
        await run.cancel()
        assert (await run.result()).output == "hello"
        assert isinstance((await run.events())[-1], Finished)


async def test_a_cancelled_run_goes_on_when_it_is_resumed_and_repeats_nothing() -> None:
    tally = Tally()

    @tool(effect="none")
    async def work() -> str:
        """Work."""
        tally.count()
        return "worked"

    helper = agent([use("work"), use("ask_human", question="?"), "done"], work, ask_human())
    async with opened() as runs:
        run = await runs.start(helper, "go")
        question = await the_question(run)
        await run.cancel()
        await runs.resume(run.id, by="me")
        (again,) = [await the_question(run)]
        assert again == question
        await runs.inbox.answer(again.id, "yes", by="me")
        result = await run.result()
    assert len(tally.keys) == 1
    assert [item.by for item in only(Resumed, result.events)] == ["me"]
    assert len(asked(helper)) == 3


async def test_a_call_that_was_stopped_is_made_again_when_the_run_is_resumed() -> None:
    go, begun, tally = asyncio.Event(), asyncio.Event(), Tally()

    @tool(effect="none")
    async def work() -> str:
        """Work."""
        tally.count()
        begun.set()
        await go.wait()
        return "worked"

    async with opened() as runs:
        run = await runs.start(agent([use("work"), "done"], work), "go")
        await begun.wait()
        await run.cancel()
        with pytest.raises(RunCancelled):
            await run.result()
        go.set()
        result = await (await runs.resume(run.id)).result()
    assert result.output == "done"
    assert tally.keys == [f"{run.id}:tool:0:call_0_0"] * 2
    assert len(only(Attempted, result.events)) == 2


async def test_closing_the_runs_gives_back_what_is_in_progress_and_the_next_process_goes_on() -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()
    async with faulty() as store:
        async with opened(store, grace_s=0.01) as runs:
            run = await runs.start(agent([use("work"), "done"], endless(begun, stopped)), "go")
            await begun.wait()
        assert stopped.is_set()

        @tool(effect="none")
        def work() -> str:
            """Work."""
            return "worked"

        async with opened(store, agent([use("work"), "done"], work), seed=1) as runs:
            found = await runs.get(run.id)
            assert (await found.row()).status in {"pending", "running", "finished"}
            assert (await found.result()).output == "done"


async def test_closing_the_runs_lets_what_is_in_progress_come_to_its_end() -> None:
    model = Held([use("work"), "done"])

    @tool(effect="none")
    def work() -> str:
        """Work."""
        return "worked"

    helper = agent([], work, model=model)
    async with faulty() as store:
        async with opened(store, grace_s=30.0) as runs:
            run = await runs.start(helper, "go")
            await model.begun.wait()
            asyncio.get_running_loop().call_later(0.02, model.go.set)  # whichever comes first
        async with opened(store, helper, seed=1) as runs:
            result = await (await runs.get(run.id)).result()
    assert result.output == "done"
    assert only(DoubtFound, result.events) == []
    assert len(model.requests) == 2


async def test_a_run_is_stopped_though_it_is_cancelled_just_when_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally()

    @tool(effect="none")
    async def work() -> str:
        """Work."""
        tally.count()
        return "worked"

    async with faulty() as store, opened(store) as runs:
        balances = store.balances

        async def cancelled_meanwhile(ids: Collection[str]) -> dict[str, Balance]:
            monkeypatch.setattr(store, "balances", balances)
            await runs.cancel("r")
            return await balances(ids)

        monkeypatch.setattr(store, "balances", cancelled_meanwhile)
        run = await runs.start(agent([use("work"), "done"], work), "go", id="r", budget=Budget(model_calls=9))
        with pytest.raises(RunCancelled):
            await run.result()
    assert tally.keys == []


async def test_a_cancelled_run_that_goes_on_takes_the_runs_that_it_waits_for_with_it() -> None:
    @tool(effect="none", approval=True)
    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    digger = agent([use("pay", amount=3), "dug"], pay, name="digger")
    boss = agent(
        [use("digger", task="dig"), lambda request: request.messages[-1].text],
        digger.as_tool(description="digs"),
        name="boss",
    )
    async with opened() as runs:
        run = await runs.start(boss, "go")
        await the_question(run)
        await run.cancel()
        await runs.resume(run.id)
        asked = await the_question(run)
        await runs.inbox.approve(asked.id, by="ada")
        assert "dug" in str((await run.result()).messages[-2].results[0].text)


async def test_whoever_ends_a_cancelled_run_cancels_what_it_has_begun_meanwhile() -> None:
    @tool(effect="none", approval=True)
    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    digger = agent([use("pay", amount=3), "dug"], pay, name="digger")
    boss = agent([use("digger", task="dig"), "done"], digger.as_tool(description="digs"), name="boss")
    async with opened() as runs:
        run = await runs.start(boss, "go")
        await the_question(run)
        row = await run.row()
        asked = Append(
            run=run.id, expected=row.n_events, at=1000.0, events=((1000.0, CancelAsked(by="ada")),), wake=run.id
        )
        await runs.store.append(asked)
        await runs.working.hand_in(run.id)
        with pytest.raises(RunCancelled):
            await run.result()
        (child,) = await runs.find(Query(parent=run.id))
        assert (await (await runs.get(child.id)).row()).status == "cancelled"
