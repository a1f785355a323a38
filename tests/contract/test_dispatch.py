"""What everything that carries runs to workers keeps true."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext

import pytest

from mainspring.core.errors import JournalUnavailable
from mainspring.runs.dispatch import Dispatch
from mainspring.runs.dispatchers.embedded import EmbeddedDispatch
from mainspring.runs.dispatchers.procrastinate import open_procrastinate
from tests.contract.dispatching import Drives, stopped, working

Open = Callable[[pytest.FixtureRequest, int], AbstractAsyncContextManager[Dispatch]]
Opened = Callable[[int], Awaitable[Dispatch]]


def _procrastinate(request: pytest.FixtureRequest, concurrency: int) -> AbstractAsyncContextManager[Dispatch]:
    return open_procrastinate(request.getfixturevalue("postgres_url"), concurrency=concurrency, poll_s=0.02)


def _embedded(request: pytest.FixtureRequest, concurrency: int) -> AbstractAsyncContextManager[Dispatch]:
    return nullcontext(EmbeddedDispatch(concurrency=concurrency))


KINDS: Mapping[str, Open] = {
    "embedded": _embedded,
    "procrastinate": _procrastinate,
}


@pytest.fixture(params=KINDS)
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    """Give a function that opens a dispatcher of each kind, for so many runs at once."""
    async with AsyncExitStack() as stack:

        async def opening(concurrency: int) -> Dispatch:
            return await stack.enter_async_context(KINDS[request.param](request, concurrency))

        yield opening


@pytest.fixture
async def dispatch(opened: Opened) -> Dispatch:
    """Open a dispatcher for four runs at once."""
    return await opened(4)


async def test_what_is_submitted_is_driven_whether_somebody_works_already_or_not(dispatch: Dispatch) -> None:
    drives = Drives()
    await dispatch.submit("before", "clerk")
    async with working(dispatch, drives):
        assert await drives.begun() == ["before"]
        await dispatch.submit("after", "clerk")
        assert await drives.begun() == ["after"]


async def test_no_more_runs_are_driven_at_once_than_is_allowed(opened: Opened) -> None:
    dispatch = await opened(2)
    runs = [f"run_{number}" for number in range(6)]
    drives = Drives(held=runs)
    for run in runs:
        await dispatch.submit(run, "clerk")
    async with working(dispatch, drives):
        begun = await drives.begun(2)
        for _ in range(4):
            drives.let_end(begun.pop(0))
            begun += await drives.begun()
        drives.let_end(*begun)
    assert drives.n_most == 2
    assert sorted(drives.ended) == runs


async def test_runs_of_higher_priority_go_first(opened: Opened) -> None:
    dispatch = await opened(1)
    for run, priority in (("low", -1), ("first", 0), ("second", 0), ("high", 7)):
        await dispatch.submit(run, "clerk", priority=priority)
    drives = Drives()
    async with working(dispatch, drives):
        assert await drives.begun(4) == ["high", "first", "second", "low"]


async def test_a_run_that_is_submitted_twice_while_it_is_queued_is_delivered_once(opened: Opened) -> None:
    dispatch = await opened(1)
    await asyncio.gather(*(dispatch.submit("run_1", "clerk") for _ in range(5)))
    await dispatch.submit("last", "clerk")
    drives = Drives()
    async with working(dispatch, drives):
        assert await drives.begun(2) == ["run_1", "last"]
    assert drives.has_begun_nothing_more


async def test_a_run_that_is_submitted_while_it_is_driven_is_delivered_again_afterwards(dispatch: Dispatch) -> None:
    drives = Drives(held=["run_1"])
    await dispatch.submit("run_1", "clerk")
    async with working(dispatch, drives):
        await drives.begun()
        await dispatch.submit("run_1", "clerk")
        await dispatch.submit("run_1", "clerk")
        await dispatch.submit("other", "clerk")
        assert await drives.begun() == ["other"]
        drives.let_end("run_1")
        assert await drives.begun() == ["run_1"]
        await dispatch.submit("last", "clerk")
        assert await drives.begun() == ["last"]
    assert not drives.overlapped


async def test_a_run_is_not_delivered_before_its_time(opened: Opened) -> None:
    dispatch = await opened(1)
    drives = Drives()
    await dispatch.submit("much_later", "clerk", at=time.time() + 1e6)
    at = time.time() + 0.3
    await dispatch.submit("soon", "clerk", at=at)
    await dispatch.submit("now", "clerk")
    async with working(dispatch, drives):
        assert await drives.begun() == ["now"]
        assert await drives.begun() == ["soon"]
        assert time.time() >= at
    assert drives.has_begun_nothing_more


async def test_a_time_that_has_passed_is_now(dispatch: Dispatch) -> None:
    drives = Drives()
    await dispatch.submit("run_1", "clerk", at=1.0)
    async with working(dispatch, drives):
        assert await drives.begun() == ["run_1"]


async def test_a_put_off_run_that_is_submitted_for_now_is_delivered_now_and_once(opened: Opened) -> None:
    dispatch = await opened(1)
    later = time.time() + 1e6
    await dispatch.submit("run_1", "clerk", at=later)
    await dispatch.submit("run_1", "clerk", at=later - 1e3)
    drives = Drives()
    async with working(dispatch, drives):
        await dispatch.submit("run_1", "clerk")
        await dispatch.submit("last", "clerk")
        assert await drives.begun(2) == ["run_1", "last"]
    assert drives.has_begun_nothing_more


async def test_a_cancelled_run_that_nobody_has_begun_is_not_delivered(opened: Opened) -> None:
    dispatch = await opened(1)
    await dispatch.submit("run_1", "clerk")
    await dispatch.submit("put_off", "clerk", at=time.time() + 0.1)
    await dispatch.submit("last", "clerk", at=time.time() + 0.2)
    for run in ("run_1", "put_off", "missing"):
        await dispatch.cancel(run)
    drives = Drives()
    async with working(dispatch, drives):
        assert await drives.begun() == ["last"]
    assert drives.has_begun_nothing_more


async def test_cancelling_does_not_touch_a_run_in_progress(dispatch: Dispatch) -> None:
    drives = Drives(held=["run_1"])
    await dispatch.submit("run_1", "clerk")
    async with working(dispatch, drives):
        await drives.begun()
        await dispatch.cancel("run_1")
        drives.let_end("run_1")
    assert drives.ended == ["run_1"]


@pytest.mark.parametrize("error", [JournalUnavailable("the store is gone"), RuntimeError("a bug")])
async def test_a_drive_that_raises_is_not_repeated_and_does_not_end_the_worker(
    opened: Opened, error: Exception
) -> None:
    dispatch = await opened(1)
    drives = Drives()

    async def drive(run: str) -> None:
        await drives(run)
        if run == "bad":
            raise error

    await dispatch.submit("bad", "clerk")
    await dispatch.submit("good", "clerk")
    async with working(dispatch, drive):
        assert await drives.begun(2) == ["bad", "good"]
        await dispatch.submit("bad", "clerk")
        assert await drives.begun() == ["bad"]


async def test_a_worker_that_is_stopped_waits_for_what_is_in_progress_and_takes_nothing_more(
    opened: Opened,
) -> None:
    dispatch = await opened(2)
    drives = Drives(held=["run_1", "run_2"])
    for run in ("run_1", "run_2", "run_3"):
        await dispatch.submit(run, "clerk")
    async with working(dispatch, drives) as work:
        assert sorted(await drives.begun(2)) == ["run_1", "run_2"]
        work.cancel()
        await asyncio.sleep(0)
        drives.let_end("run_1", "run_2")
        await stopped(work)
    assert sorted(drives.ended) == ["run_1", "run_2"]
    assert drives.has_begun_nothing_more


async def test_runs_of_agents_that_are_not_known_here_are_left_alone(opened: Opened) -> None:
    dispatch = await opened(1)
    drives = Drives()
    await dispatch.submit("foreign", "stranger")
    await dispatch.submit("own", "clerk")
    async with working(dispatch, drives):
        assert await drives.begun() == ["own"]
    assert drives.has_begun_nothing_more


async def test_agents_that_become_known_are_worked_for_once_that_is_said(dispatch: Dispatch) -> None:
    agents: list[str] = []
    drives = Drives(held=["long"])
    async with working(dispatch, drives, lambda: agents):
        agents.append("clerk")
        dispatch.refresh()
        await dispatch.submit("long", "clerk")
        assert await drives.begun() == ["long"]
        agents.append("helper")
        dispatch.refresh()
        await dispatch.submit("run_2", "helper")
        assert await drives.begun() == ["run_2"]
        await dispatch.submit("run_3", "clerk")
        assert await drives.begun() == ["run_3"]
        drives.let_end("long")
    assert drives.ended == ["run_2", "run_3", "long"]


async def test_agents_whose_names_are_long_or_strange_are_worked_for(dispatch: Dispatch) -> None:
    names = ["a" * 200, "a" * 199 + "b", "größer als ein Kanal, 'mit' \"Zeichen\""]
    drives = Drives()
    async with working(dispatch, drives, lambda: names):
        for number, name in enumerate(names):
            await dispatch.submit(f"run_{number}", name)
        assert sorted(await drives.begun(3)) == ["run_0", "run_1", "run_2"]
