"""A run in progress: awaited, watched, cancelled."""

import asyncio
import gc
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from mainspring import tool, use
from mainspring.core import Delta, Event, Request, Unusable
from mainspring.core.errors import ModelTimeout, RunCancelled, StepLimit
from mainspring.core.events import Cancelled, Failed, ToolReturned
from tests.unit.agent.making import agent, asked, names, only, others_had_their_turn


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


class Forever:
    """A tool that waits until it is cancelled, and tells how far it is."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self) -> str:
        """Wait."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return "never"


@pytest.fixture
async def complaints() -> list[dict[str, Any]]:
    """What the event loop complains of."""
    found: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
    return found


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let what was forgotten be reported in the test that forgot it."""
    yield
    gc.collect()


async def test_a_run_may_be_awaited_more_than_once() -> None:
    helper = agent(["hello"])
    run = helper.start("hi")
    assert await run is await run
    assert len(asked(helper)) == 1


async def test_a_run_works_in_the_background_without_being_awaited() -> None:
    run = agent([use("add", a=1, b=1), "2"], add).start("go")
    assert run.events == ()
    async for _ in run:
        pass
    assert names(run.events)[-1] == "Finished"


async def test_iterating_gives_every_event_in_order_and_ends_with_the_run() -> None:
    run = agent([use("add", a=1, b=1), "2"], add).start("go")
    seen = [event async for event in run]
    assert seen == list((await run).events) == list(run.events)
    assert [entry.event for entry in run.entries] == seen
    assert [entry.seq for entry in run.entries] == list(range(len(seen)))


async def test_two_may_watch_at_once_and_a_third_after_the_end() -> None:
    run = agent([use("add", a=1, b=1), "2"], add).start("go")

    async def watch() -> list[object]:
        return [event async for event in run]

    async with asyncio.TaskGroup() as group:
        first, second = group.create_task(watch()), group.create_task(watch())
    assert first.result() == second.result() == await watch() == list(run.events)


async def test_who_comes_late_is_told_from_the_beginning() -> None:
    forever = Forever()
    run = agent([use("Forever"), "done"], forever).start("go")
    await forever.begun.wait()
    early = run.events
    watcher = aiter(run)
    assert [await anext(watcher) for _ in early] == list(early)
    await watcher.aclose()  # type: ignore[attr-defined]  # it is an asynchronous generator
    run.cancel()
    with pytest.raises(RunCancelled):
        await run


async def test_a_watcher_that_stops_watching_does_not_stop_the_run() -> None:
    run = agent([use("add", a=1, b=1), "2"], add).start("go")
    async for _ in run:
        break
    assert (await run).output == "2"


async def test_streaming_gives_the_pieces_of_each_reply_before_the_reply_itself() -> None:
    run = agent(["Hello there,\nhow are you?"]).start("hi", stream=True)
    seen = [event async for event in run]
    pieces = [event.text for event in seen if isinstance(event, Delta)]
    assert "".join(pieces) == (await run).output
    assert len(pieces) == 5
    assert names(seen) == ["RunStarted", "ModelCalled", *["Delta"] * 5, "ModelReplied", "Finished"]
    assert "Delta" not in names(run.events)


async def test_without_streaming_nobody_is_told_of_pieces() -> None:
    run = agent(["Hello there"]).start("hi")
    assert not [event async for event in run if isinstance(event, Delta)]


async def test_a_failed_runs_events_end_with_its_failure_and_awaiting_it_raises() -> None:
    run = agent([use("add", a=1, b=1), ModelTimeout("too slow")], add).start("go")
    seen = [event async for event in run]
    assert seen[-1] == Failed(error="ModelTimeout", message="too slow", usage=run.usage)
    for _ in range(2):
        with pytest.raises(ModelTimeout, match="too slow"):
            await run
    assert [event async for event in run] == seen


async def test_a_defect_in_a_model_is_recorded_as_a_failure_and_raised_as_it_is() -> None:
    run = agent([KeyError("oops")]).start("go")
    seen = [event async for event in run]
    assert seen[-1] == Failed(error="KeyError", message="'oops'", usage=run.usage)
    with pytest.raises(KeyError, match="oops"):
        await run


async def test_a_failed_run_that_nobody_awaits_is_no_reason_to_complain(complaints: list[dict[str, Any]]) -> None:
    run = agent([ModelTimeout("too slow")]).start("go")
    await others_had_their_turn()
    assert names(run.events)[-1] == "Failed"
    del run
    gc.collect()
    await others_had_their_turn()
    assert complaints == []


async def test_a_cancelled_run_ends_with_that_and_awaiting_it_says_so() -> None:
    forever = Forever()
    run = agent([use("Forever"), "done"], forever).start("go")
    await forever.begun.wait()
    run.cancel()
    run.cancel()
    with pytest.raises(RunCancelled, match=run.id):
        await run
    assert forever.cancelled.is_set()
    assert run.events[-1] == Cancelled(usage=run.usage)
    assert names([event async for event in run]) == names(run.events)
    assert only(ToolReturned, run.events) == []


async def test_cancelling_reaches_every_call_of_a_step() -> None:
    first, second = Forever(), Forever()
    tools = tool(name="first")(first), tool(name="second")(second)
    run = agent([[use("first"), use("second")], "done"], *tools).start("go")
    await first.begun.wait()
    await second.begun.wait()
    run.cancel()
    with pytest.raises(RunCancelled):
        await run
    assert first.cancelled.is_set()
    assert second.cancelled.is_set()


async def test_a_run_cancelled_before_its_first_step_ends_like_any_other() -> None:
    helper = agent(["hello"])
    run = helper.start("hi")
    run.cancel()
    assert names([event async for event in run]) == ["Cancelled"]
    with pytest.raises(RunCancelled):
        await run
    assert asked(helper) == []


async def test_cancelling_a_run_that_is_over_changes_nothing() -> None:
    run = agent(["hello"]).start("hi")
    await run
    events = run.events
    run.cancel()
    assert (await run).output == "hello"
    assert run.events == events


async def test_a_cancelled_run_that_nobody_awaits_is_no_reason_to_complain(
    complaints: list[dict[str, Any]],
) -> None:
    forever = Forever()
    run = agent([use("Forever"), "done"], forever).start("go")
    await forever.begun.wait()
    run.cancel()
    await others_had_their_turn()
    del run
    gc.collect()
    await others_had_their_turn()
    assert complaints == []


async def test_cancelling_who_runs_an_agent_cancels_the_run() -> None:
    forever = Forever()
    task = asyncio.create_task(agent([use("Forever"), "done"], forever).run("go"))
    await forever.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert forever.cancelled.is_set()


async def test_cancelling_who_awaits_a_started_run_does_not_cancel_the_run() -> None:
    go = asyncio.Event()

    async def wait() -> str:
        """Wait."""
        await go.wait()
        return "went"

    run = agent([use("wait"), "done"], wait).start("go")

    async def await_run() -> None:
        await run

    task = asyncio.create_task(await_run())
    await others_had_their_turn()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    assert (await run).output == "done"


async def test_the_end_of_the_event_loop_cancels_a_run_and_is_recorded() -> None:
    forever = Forever()
    run = agent([use("Forever"), "done"], forever).start("go")
    await forever.begun.wait()
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == f"mainspring-{run.id}")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert run.events[-1] == Cancelled(usage=run.usage)


async def test_usage_and_events_can_be_read_while_a_run_works() -> None:
    forever = Forever()
    run = agent([use("Forever"), "done"], forever).start("go")
    await forever.begun.wait()
    assert run.usage.model_calls == 1
    assert names(run.events) == ["RunStarted", "ModelCalled", "ModelReplied", "ToolCalled"]
    run.cancel()
    with pytest.raises(RunCancelled):
        await run


async def test_the_whole_of_a_cut_result_is_kept_with_the_run() -> None:
    @tool(max_result_chars=10)
    def tell() -> str:
        """Tell a long story."""
        return "long " * 100

    result = await agent([use("tell"), "done"], tell).run("go")
    (returned,) = only(ToolReturned, result.events)
    assert returned.result.whole == hashlib.sha256(b"long " * 100).hexdigest()
    assert result.contents == {returned.result.whole: b"long " * 100}


async def test_many_runs_of_one_agent_side_by_side_do_not_mix() -> None:
    def answer(request: Request) -> str:
        return request.messages[-1].text.upper()

    helper = agent([answer] * 20)
    results = await asyncio.gather(*(helper.run(f"say {n}") for n in range(20)))
    assert [result.output for result in results] == [f"SAY {n}" for n in range(20)]
    assert len({result.run_id for result in results}) == 20


@pytest.mark.parametrize("script", [[Unusable(reason="no")] * 9, [use("add", a=1, b=1)] * 9])
async def test_however_a_run_fails_its_last_event_says_with_what(script: list[Any]) -> None:
    run = agent(script, add).start("go")
    seen: list[Event | Delta] = [event async for event in run]
    failed = seen[-1]
    assert isinstance(failed, Failed)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its name is compared
        await run
    assert (failed.error, failed.message) == (type(caught.value).__name__, str(caught.value))


async def test_a_run_out_of_steps_keeps_what_it_used() -> None:
    run = agent([use("add", a=1, b=1)], add, max_steps=1).start("go")
    with pytest.raises(StepLimit):
        await run
    (failed,) = only(Failed, run.events)
    assert (failed.usage.model_calls, failed.usage.tool_calls) == (1, 1)
