"""A run that makes room in its conversation comes to the same on any store, wherever it was cut off."""

from collections.abc import Iterable

from mainspring import Agent, Context, tool, use
from mainspring.core import Event, FakeClock
from mainspring.core.events import Compacted
from mainspring.runs.journal import Store
from tests.unit.agent.making import only
from tests.unit.runs.making import agent, copied, faulty, opened, plays, steps


def reader() -> Agent:
    """Make an agent that reads pages until room has to be made."""

    @tool(effect="none")
    def page(n: int) -> str:
        """Read a page."""
        return f"page {n}: " + "lorem ipsum dolor sit amet " * 16

    lines = [*(use("page", n=n) for n in range(2)), "done"]
    context = Context(1_024, compact_at=0.3, keep=0.1, summarizer=plays(["It is all about pages."]))
    return agent(lines, page, context=context, name="reader")


def told(events: Iterable[Event]) -> list[Event]:
    """Give what happened but for the calls that a crash has had made again, and whose run it was."""
    calls = {"model_called", "tool_called", "child_called", "child_ended"}
    return [event for event in steps(events) if event.type not in calls]


async def test_a_run_that_was_cut_off_anywhere_makes_room_as_it_would_have(store: Store) -> None:
    clock = FakeClock(1000.0)
    async with faulty() as source, opened(source, clock=clock) as runs:
        whole = (await (await runs.start(reader(), "go")).result()).events
        assert len(only(Compacted, whole)) == 1
        places = range(2, len(whole))
        for place in places:
            run = await runs.start(reader(), "go", id=f"cut-{place}")
            await run.result()
            await copied(source, run.id, place, store)
    async with opened(store, reader(), clock=clock, seed=1) as runs:
        for place in places:
            result = await (await runs.get(f"cut-{place}")).result()
            assert told(result.events) == told(whole)
            assert (await runs.replay(f"cut-{place}")).divergence is None
