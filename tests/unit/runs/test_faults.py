"""A store that comes and goes, and other drivers: nothing is lost or done twice, and the loser is silent."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from mainspring import Agent, open_runs, tool, use
from mainspring.core import Event, FakeClock
from mainspring.core.errors import ConfigError, JournalError, JournalUnavailable
from mainspring.core.events import (
    Attempted,
    CancelAsked,
    Cancelled,
    DoubtFound,
    Finished,
    HumanAsked,
    ModelCalled,
    ModelReplied,
    Submitted,
    ToolCalled,
    ToolReturned,
)
from mainspring.runs import writer
from mainspring.runs.journal import Append
from tests.unit.agent.making import asked, names, only
from tests.unit.runs.making import Held, Tally, agent, faulty, opened, steps, taken_over, the_question

KINDS = [ModelCalled, ModelReplied, ToolCalled, ToolReturned, Finished]
GONE = JournalUnavailable("the store is gone")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon."""
    monkeypatch.setattr(writer, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(writer, "LONGEST_PAUSE_S", 0.002)


def paying(tally: Tally) -> Callable[..., object]:
    """Make a tool that must not be called twice."""

    @tool(effect="money")
    async def pay(amount: int) -> str:
        """Pay."""
        tally.count()
        return f"paid {amount}"

    return pay


def worker(tally: Tally) -> Agent:
    """Make an agent that does several things."""
    lines = [[use("pay", amount=1), use("pay", amount=2)], use("pay", amount=3), "done"]
    return agent(lines, paying(tally))


def times(n: int, holds: Callable[[Append], bool]) -> Callable[[Append], None]:
    """Make the first `n` batches of some kind fail."""
    left = n

    def fail(batch: Append) -> None:
        nonlocal left
        if left and holds(batch):
            left -= 1
            raise GONE

    return fail


def has(kind: type[Event]) -> Callable[[Append], bool]:
    """Tell the batches that an event of some kind is in."""
    return lambda batch: any(isinstance(event, kind) for _, event in batch.events)


async def undisturbed() -> list[Event]:
    """Give the events of the run of these tests where nothing happens."""
    async with opened() as runs:
        run = await runs.start(worker(Tally()), "go", id="r")
        await run.result()
        return steps(await run.events())


def alike(one: list[Event], other: list[Event]) -> bool:
    """Tell whether the same things happened, in whichever order those of one step came."""
    return sorted(map(repr, one)) == sorted(map(repr, other))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_store_that_is_gone_for_a_while_is_waited_for(kind: type[Event]) -> None:
    tally = Tally()
    async with faulty() as store, opened(store) as runs:
        store.before = times(5, has(kind))
        run = await runs.start(worker(tally), "go", id="r")
        result = await run.result()
    assert alike(steps(result.events), await undisturbed())
    assert len(tally.keys) == len(set(tally.keys)) == 3
    assert len(only(Attempted, result.events)) == 1


async def test_a_store_that_fails_at_every_second_write_slows_a_run_down_and_nothing_else() -> None:
    tally, n_writes = Tally(), 0

    def flaky(batch: Append) -> None:
        nonlocal n_writes
        n_writes += 1
        if n_writes % 2 and batch.create is None:
            raise GONE

    async with faulty() as store, opened(store) as runs:
        store.before = flaky
        result = await (await runs.start(worker(tally), "go", id="r")).result()
    assert alike(steps(result.events), await undisturbed())
    assert len(tally.keys) == 3


@pytest.mark.parametrize("kind", KINDS)
async def test_a_write_that_happened_though_it_failed_is_recognised(kind: type[Event]) -> None:
    tally = Tally()
    helper = worker(tally)
    async with faulty() as store, opened(store) as runs:
        store.after = times(1, has(kind))
        result = await (await runs.start(helper, "go", id="r")).result()
    assert alike(steps(result.events), await undisturbed())
    assert len(tally.keys) == 3
    assert len(asked(helper)) == 3


async def test_a_start_that_happened_though_it_failed_is_come_back_to_under_its_id() -> None:
    helper = worker(Tally())
    async with faulty() as store, opened(store) as runs:
        store.after = times(1, has(Submitted))
        with pytest.raises(JournalUnavailable, match="gone"):
            await runs.start(helper, "go", id="r")
        assert (await (await runs.start(helper, "go", id="r")).result()).output == "done"
        assert len(await runs.find()) == 1


async def test_a_run_that_comes_to_wait_in_a_store_that_fails_waits_all_the_same() -> None:
    @tool(effect="money", approval=True)
    def pay() -> str:
        """Pay."""
        return "paid"

    async with faulty() as store, opened(store) as runs:
        store.after = times(2, lambda batch: has(HumanAsked)(batch) or batch.status == "waiting")
        run = await runs.start(agent([use("pay"), "done"], pay), "go")
        question = await the_question(run)
        store.after = times(1, lambda batch: batch.create is None)
        with pytest.raises(JournalUnavailable):
            await runs.inbox.approve(question.id, by="me")
        result = await run.result()
    assert result.output == "done"


async def test_when_patience_is_over_the_drive_is_given_up_and_said_and_taken_up_when_the_store_is_back() -> None:
    tally, other = Tally(), Held(["done"])
    async with faulty() as store, opened(store, patience_s=0.0, lease_s=0.06) as runs:
        busy = await runs.start(agent([], model=other, name="busy"), "go")  # its lease is kept all the while
        await other.begun.wait()
        store.before = times(10_000, has(ModelReplied))
        run = await runs.start(worker(tally), "go", id="r")
        with pytest.raises(JournalUnavailable, match="gone"):
            await run.result()
        store.before = lambda _: None
        assert await _goes_on(run.result) == "done"
        other.go.set()
        await busy.result()
        result = await run.result()
    assert alike(steps(result.events), await undisturbed())
    assert len(tally.keys) == 3


async def test_a_driver_whose_run_was_taken_over_writes_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @tool(effect="money", in_doubt="retry")
    async def pay() -> str:
        """Pay."""
        begun.set()
        await go.wait()
        return "paid"

    clock, helper = FakeClock(1000.0), agent([use("pay"), "done"], pay)
    async with faulty() as store:
        with caplog.at_level(logging.WARNING, "mainspring.runs"):
            async with opened(store, clock=clock, grace_s=10.0) as runs:
                run = await runs.start(helper, "go")
                await begun.wait()
                await taken_over(store, run.id)
                n_events = (await run.row()).n_events
                go.set()
        assert "is driven by 'another driver' now" in caplog.text
        entries = await store.entries(run.id)
        assert len(entries) == n_events
        assert isinstance(entries[-1].event, Attempted)
        assert len(asked(helper)) == 1
        clock.advance(1e7)
        async with opened(store, helper, clock=clock, seed=1) as runs:
            result = await (await runs.get(run.id)).result()
    assert result.output == "done"
    assert len(only(DoubtFound, result.events)) == 1


async def test_a_driver_that_slept_through_its_lease_finds_out_before_it_does_something() -> None:
    tally, clock = Tally(), FakeClock(1000.0)
    model = Held([use("pay", amount=1), "done"])
    helper = agent([], paying(tally), model=model)
    async with faulty() as store:
        async with opened(store, clock=clock) as runs:
            run = await runs.start(helper, "go")
            await model.begun.wait()
            clock.advance(100.0)
            await taken_over(store, run.id)
            model.go.set()
        assert names([entry.event for entry in await store.entries(run.id)])[-1] == "Attempted"
    assert tally.keys == []


async def test_events_of_people_in_between_are_taken_in_and_the_write_is_made_behind_them() -> None:
    model = Held(["hello"])
    async with faulty() as store, opened(store) as runs:
        run = await runs.start(agent([], model=model), "hi")
        await model.begun.wait()
        n_events = (await run.row()).n_events
        stray = CancelAsked(by="somebody whom nobody told")
        await store.append(Append(run=run.id, expected=n_events, at=1000.0, events=((1000.0, stray),)))
        model.go.set()
        async for _ in run.stream():
            pass
        seen = await run.events()
    assert isinstance(seen[-1], Cancelled | Finished)
    assert len(only(CancelAsked, seen)) == 1


async def test_a_failing_sweep_is_said_and_the_next_one_finds_what_is_due(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = agent(["hello"])
    async with faulty() as store:
        async with opened(store, work=False) as front:
            run = await front.start(helper, "hi")
        due, n_left = store.due, 3

        async def failing(*given: object) -> object:
            nonlocal n_left
            if n_left:
                n_left -= 1
                raise GONE
            return await due(*given)  # type: ignore[arg-type]  # handed through

        monkeypatch.setattr(store, "due", failing)
        async with opened(store, helper, seed=1) as runs:
            assert (await (await runs.get(run.id)).result()).output == "hello"
    assert "the store could not be swept: the store is gone" in caplog.text


async def test_a_claim_that_happened_though_it_failed_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty() as store:
        claim, n_left = store.claim, 1

        async def failing(*given: object) -> object:
            nonlocal n_left
            found = await claim(*given)  # type: ignore[arg-type]  # handed through
            if n_left:
                n_left -= 1
                raise GONE
            return found

        monkeypatch.setattr(store, "claim", failing)
        async with opened(store) as runs:
            run = await runs.start(agent(["hello"]), "hi")
            assert await _goes_on(run.result) == "hello"


async def _goes_on(result: Callable[[], object]) -> object:
    """Wait for a result through whatever the store does meanwhile."""
    while True:
        try:
            return (await result()).output  # type: ignore[misc]  # it is a coroutine function
        except JournalError:
            await asyncio.sleep(0)


async def test_a_store_without_a_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no name"):
        async with open_runs(""):
            pass
