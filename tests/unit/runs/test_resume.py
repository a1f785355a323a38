"""Going on with a run that was cut off: its journal is folded, and what is in there is not done again."""

from collections.abc import Callable

import pytest

from mainspring import tool, use
from mainspring.core import Answer, Event, FakeClock, Unusable
from mainspring.core.errors import ConfigError, ModelUnavailable
from mainspring.core.events import (
    Attempted,
    EffectFailed,
    Failed,
    Finished,
    ModelCalled,
    ModelReplied,
    Resumed,
    ToolCalled,
    ToolReturned,
)
from tests.unit.agent.making import asked, names, only
from tests.unit.runs.making import Tally, agent, copied, crash, faulty, opened, steps, taken_over

LINES = [
    [use("note", text="a"), use("note", text="b")],
    Unusable(reason="not JSON", written="Sure!"),
    [use("note", text="a"), use("note", text="b")],
    use("note", text="c"),
    Answer(value="many"),
    Answer(value=3),
]


def noting(tally: Tally) -> Callable[..., object]:
    """Make a tool that may be called again, and counts how often it was."""

    @tool(effect="none")
    async def note(text: str) -> str:
        """Note."""
        tally.count()
        return f"noted {text}"

    return note


async def test_wherever_a_run_was_cut_off_nothing_that_is_in_its_journal_is_done_again() -> None:
    first = Tally()
    async with faulty() as whole:
        async with opened(whole) as runs:
            run = await runs.start(agent(LINES, noting(first)), "go", output=int, id="r")
            result = await run.result()
        n_events = len(result.events)
        for n_kept in range(2, n_events):
            tally = Tally()
            helper = agent(LINES, noting(tally))
            async with faulty() as store:
                kept = await copied(whole, "r", n_kept, store)
                async with opened(store, seed=1) as runs:
                    again = await (await runs.start(helper, "go", output=int, id="r")).result()
            assert (again.output, again.messages, again.usage) == (3, result.messages, result.usage)
            assert {event.key for event in only(ToolReturned, again.events)} == set(_keys(first))
            assert steps(again.events)[: len(steps(kept))] == steps(kept)
            assert len(asked(helper)) == len(LINES) - len(only(ModelReplied, kept))
            done = {f"r:{event.key}" for event in only(ToolReturned, kept)}
            assert sorted(tally.keys) == sorted(set(first.keys) - done)


async def test_a_finished_journal_is_not_driven() -> None:
    helper = agent(["hello"])
    async with faulty() as store:
        async with opened(store) as runs:
            run = await runs.start(helper, "hi")
            await run.result()
        async with opened(store, helper, seed=1) as runs:
            assert await runs.sweep() == 0
            assert (await (await runs.get(run.id)).result()).output == "hello"
    assert len(asked(helper)) == 1


@pytest.mark.parametrize("kind", [ModelCalled, ModelReplied, ToolCalled, ToolReturned, Finished])
async def test_a_run_whose_process_died_is_taken_over_and_finished(kind: type[Event]) -> None:
    clock, tally = FakeClock(1000.0), Tally()
    helper = agent([use("note", text="a"), "noted"], noting(tally))
    async with faulty() as store:
        run_id = await crash(store, clock, helper, lambda event: isinstance(event, kind))
        async with opened(store, helper, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert result.output == "noted"
    assert len(only(Attempted, result.events)) == 2
    assert len({attempted.driver for attempted in only(Attempted, result.events)}) == 2
    assert len(only(ModelReplied, result.events)) == 2
    assert set(tally.keys) == {f"{run_id}:tool:0:call_0_0"}
    assert len(tally.keys) == (2 if kind is ToolReturned else 1)


async def test_the_same_command_run_again_goes_on() -> None:
    clock, helper = FakeClock(1000.0), agent([use("note", text="a"), "noted"], noting(Tally()))
    async with faulty() as store:
        await crash(store, clock, helper, lambda event: isinstance(event, Finished), id="daily")
        async with opened(store, clock=clock, seed=1) as runs:
            run = await runs.start(helper, "go", id="daily")
            assert (await run.result()).output == "noted"
    assert [request.turn for request in asked(helper)] == [0, 1, 1]  # the reply was lost with the end


async def test_calls_that_were_made_side_by_side_keep_their_keys() -> None:
    clock, tally = FakeClock(1000.0), Tally()
    calls = [use("note", text=text) for text in "abc"]
    helper = agent([calls, "noted"], noting(tally))

    def is_second(event: Event) -> bool:
        return isinstance(event, ToolReturned) and event.result.call_id == "call_0_1"

    async with faulty() as store:
        run_id = await crash(store, clock, helper, is_second)
        async with opened(store, helper, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert set(tally.keys) == {f"{run_id}:tool:0:call_0_{place}" for place in range(3)}
    assert [item.text for item in result.messages[2].results] == ["noted a", "noted b", "noted c"]


async def test_a_model_that_fails_ends_the_run_and_resuming_asks_it_again() -> None:
    script = [use("note", text="a"), ModelUnavailable("down"), "noted"]
    lines = iter(script)
    tally = Tally()
    helper = agent([lambda _: next(lines)] * 3, noting(tally))
    async with opened() as runs:
        run = await runs.start(helper, "go")
        with pytest.raises(ModelUnavailable, match="down"):
            await run.result()
        assert names(await run.events())[-3:] == ["ModelCalled", "EffectFailed", "Failed"]
        with pytest.raises(ModelUnavailable):  # nobody has let it try again
            await (await runs.start(helper, "go", id=run.id)).result()
        assert len(asked(helper)) == 2
        resumed = await runs.resume(run.id, by="me")
        result = await resumed.result()
    assert result.output == "noted"
    assert len(tally.keys) == 1
    assert len(asked(helper)) == 3
    assert [event.by for event in only(Resumed, result.events)] == ["me"]
    assert [event.key for event in only(EffectFailed, result.events)] == ["model:1"]
    assert len(only(Failed, result.events)) == 1
    assert result.usage.model_calls == 2


async def test_a_run_can_fail_and_be_resumed_again_and_again() -> None:
    lines = iter([ModelUnavailable("one"), ModelUnavailable("two"), "hello"])
    async with opened() as runs:
        run = await runs.start(agent([lambda _: next(lines)]), "go")
        for words in ("one", "two"):
            with pytest.raises(ModelUnavailable, match=words):
                await run.result()
            await runs.resume(run.id)
        assert (await run.result()).output == "hello"


async def test_a_failed_run_stays_failed_when_its_store_is_opened_again() -> None:
    helper = agent([ModelUnavailable("down")])
    async with faulty() as store:
        async with opened(store) as runs:
            run = await runs.start(helper, "go")
            with pytest.raises(ModelUnavailable):
                await run.result()
        async with opened(store, helper, seed=1) as runs:
            assert await runs.sweep() == 0
            with pytest.raises(ModelUnavailable, match="down"):
                await (await runs.get(run.id)).result()


async def test_a_run_that_has_its_answer_cannot_be_resumed() -> None:
    async with opened() as runs:
        run = await runs.start(agent(["hello"]), "hi")
        await run.result()
        with pytest.raises(ConfigError, match="has its answer; fork it"):
            await runs.resume(run.id)


async def test_resuming_a_run_that_has_not_ended_changes_nothing() -> None:
    async with faulty() as store, opened(store, work=False) as runs:
        run = await runs.start(agent(["hello"]), "hi")
        before = await run.events()
        await runs.resume(run.id)
        assert await run.events() == before


async def test_a_live_drivers_run_is_not_taken_over() -> None:
    helper = agent(["hello"])
    async with faulty() as store:
        async with opened(store, work=False) as front:
            run = await front.start(helper, "hi")
            await taken_over(store, run.id)
        async with opened(store, helper, seed=1) as runs:
            assert await runs.sweep() == 0
            await runs.start(helper, "hi", id=run.id)
            assert (await runs.row(run.id)).driver == "another driver"
    assert asked(helper) == []


def _keys(tally: Tally) -> list[str]:
    return [key.partition(":")[2] for key in tally.keys]
