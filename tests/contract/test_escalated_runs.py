"""A run that escalates comes to the same on any store, wherever it was cut off."""

from collections.abc import Iterable

from mainspring import Agent, Escalate, tool, use
from mainspring.core import Event, FakeClock, Unusable
from mainspring.core.events import Escalated, ModelCalled
from mainspring.runs.journal import Store
from tests.unit.agent.making import only
from tests.unit.runs.making import agent, copied, faulty, opened, plays, steps


def takes_done(answer: str) -> bool:
    """Take only one answer."""
    return answer == "done"


def clerk() -> Agent:
    """Make an agent that goes on with a dearer model twice: for an unusable reply, and by the word of a judge."""
    small = plays([Unusable(reason="no JSON", written="hm")], name="small")
    middle = plays([None, "no"], name="middle")
    large = plays([None, None, use("look", q="x"), "done"], name="large")

    @tool(effect="none")
    def look(q: str) -> str:
        """Look something up."""
        return f"all about {q}"

    return agent((), look, model=small, escalate=Escalate([middle, large], judge=takes_done))


def told(events: Iterable[Event]) -> list[Event]:
    """Give what happened but for the calls that a crash has had made again."""
    return [event for event in steps(events) if event.type not in {"model_called", "tool_called"}]


async def test_a_run_that_was_cut_off_anywhere_escalates_as_it_would_have(store: Store) -> None:
    clock = FakeClock(1000.0)
    async with faulty() as source, opened(source, clock=clock) as runs:
        whole = (await (await runs.start(clerk(), "go")).result()).events
        places = range(2, len(whole))
        for place in places:
            run = await runs.start(clerk(), "go", id=f"cut-{place}")
            await run.result()
            await copied(source, run.id, place, store)
    async with opened(store, clerk(), clock=clock, seed=1) as runs:
        for place in places:
            result = await (await runs.get(f"cut-{place}")).result()
            assert told(result.events) == told(whole)
            assert [item.to_model for item in only(Escalated, result.events)] == ["middle", "large"]
            assert only(ModelCalled, result.events)[-1].model == "large"
            assert (await runs.replay(f"cut-{place}")).divergence is None
