"""Following a run: every event once, until it has ended or a human has to do something."""

import asyncio

import pytest

from mainspring import tool, use
from mainspring.core import Delta, Entry, Event, FakeClock
from mainspring.core.errors import RunWaiting
from mainspring.core.events import HumanAnswered, HumanAsked
from mainspring.tools import ask_human, wait_for
from tests.unit.agent.making import names, only
from tests.unit.runs.making import agent, faulty, opened, parked, the_question

NAMES_OF_A_RUN = [
    *("Submitted", "RunStarted", "Attempted", "ModelCalled", "ModelReplied", "ToolCalled", "ToolReturned"),
    *("ModelCalled", "ModelReplied", "Finished"),
]


@tool(effect="none")
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@tool(effect="money", approval=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


async def test_a_stream_gives_every_event_once_and_ends_with_the_run() -> None:
    async with opened() as runs:
        run = await runs.start(agent([use("add", a=1, b=2), "3"], add), "1 + 2?")
        seen = [event async for event in run.stream()]
        assert names(seen) == NAMES_OF_A_RUN
        assert seen == list(await run.events()) == [event async for event in run.stream()]


async def test_two_may_follow_at_once() -> None:
    async with opened() as runs:
        run = await runs.start(agent([use("add", a=1, b=2), "3"], add), "1 + 2?")

        async def follow() -> list[Event | Delta]:
            return [event async for event in run.stream()]

        first, second = await asyncio.gather(follow(), follow())
        assert first == second == list(await run.events())


async def test_entries_can_be_followed_from_any_place() -> None:
    async with opened() as runs:
        run = await runs.start(agent([use("add", a=1, b=2), "3"], add), "1 + 2?")
        await run.result()
        rest = [entry async for entry in run.follow(7)]
        assert [entry.seq for entry in rest if isinstance(entry, Entry)] == [7, 8, 9]


async def test_a_stream_ends_when_a_human_is_asked_and_the_next_one_goes_on_from_there() -> None:
    async with opened() as runs:
        run = await runs.start(agent([use("pay", amount=3), "done"], pay), "go")
        seen = [event async for event in run.stream()]
        assert isinstance(seen[-1], HumanAsked)
        (asked,) = await run.pending()
        await runs.inbox.approve(asked.id, by="me")
        rest = [entry.event async for entry in run.follow(len(seen)) if isinstance(entry, Entry)]
        assert names(rest)[:2] == ["HumanAnswered", "Attempted"]
        assert names(rest)[-1] == "Finished"
        assert [*seen, *rest] == list(await run.events())


async def test_a_stream_does_not_end_while_the_run_waits_for_time_to_pass() -> None:
    clock = FakeClock(1000.0)
    async with opened(clock=clock) as runs:
        run = await runs.start(agent([use("wait", seconds=60), "done"], wait_for()), "go")
        seen: list[Event | Delta] = []
        async for event in run.stream():
            seen.append(event)
            if type(event).__name__ == "TimerSet":
                await parked(run)
                clock.advance(60.0)
        assert names(seen).count("TimerRang") == 1
        assert names(seen)[-1] == "Finished"


async def test_pieces_of_replies_come_before_the_reply_and_are_not_kept() -> None:
    async with opened() as runs:
        run = await runs.start(agent(["Hello there,\nhow are you?"]), "hi")
        seen = [event async for event in run.stream(deltas=True)]
        pieces = [event.text for event in seen if isinstance(event, Delta)]
        assert "".join(pieces) == (await run.result()).output
        assert len(pieces) == 5
        assert "Delta" not in names(await run.events())


async def test_without_being_asked_for_pieces_of_replies_are_not_given() -> None:
    async with opened() as runs:
        run = await runs.start(agent(["Hello there"]), "hi")
        assert not [event async for event in run.stream() if isinstance(event, Delta)]


async def test_a_run_that_another_process_drives_can_be_followed() -> None:
    helper = agent([use("add", a=1, b=2), "3"], add)
    async with faulty() as store, opened(store, work=False) as front, opened(store, helper, seed=1):
        run = await front.start(helper, "1 + 2?")
        assert names([event async for event in run.stream()]) == NAMES_OF_A_RUN


async def test_the_result_of_a_run_that_waits_for_a_human_is_an_error_that_names_what_is_asked() -> None:
    async with opened() as runs:
        run = await runs.start(agent([use("ask_human", question="Which one?"), "done"], ask_human()), "go")
        with pytest.raises(RunWaiting, match=r"Which one\?") as caught:
            await run.result()
        (asked,) = await run.pending()
        assert asked.id in str(caught.value)
        assert run.id in str(caught.value)


async def test_a_follower_that_stops_does_not_stop_the_run() -> None:
    async with opened() as runs:
        run = await runs.start(agent([use("pay", amount=3), "done"], pay), "go")
        async for _ in run.stream():
            break
        asked = await the_question(run)
        await runs.inbox.approve(asked.id, by="me")
        assert (await run.result()).output == "done"
        assert len(only(HumanAnswered, await run.events())) == 1


async def test_whoever_begins_to_follow_late_gets_the_pieces_of_the_next_reply() -> None:
    @tool(effect="none")
    async def pause() -> str:
        """Wait until somebody follows."""
        async with asyncio.timeout(10):
            while not runs.working.watch.wants_deltas(run.id):  # noqa: ASYNC110 - nobody tells who begins to follow
                await asyncio.sleep(0)
        return "go on"

    async with opened() as runs:
        run = await runs.start(agent([use("pause"), "one two three"], pause), "go")
        seen = [item.text async for item in run.stream(deltas=True) if isinstance(item, Delta)]
    assert seen == ["one ", "two ", "three"]
