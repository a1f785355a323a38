"""Runs that wait for time to pass: they hold nothing meanwhile, and go by the clock and nothing else."""

from mainspring import use
from mainspring.core import FakeClock
from mainspring.core.events import Attempted, TimerRang, TimerSet, ToolReturned
from mainspring.runs import Runs, Settings, open_runs
from mainspring.tools import wait_for
from tests.unit.agent.making import only
from tests.unit.runs.making import agent, faulty, opened, parked

WAIT = use("wait", seconds=60)


class Reset(FakeClock):
    """A clock that can be set, like one on a wall; what it counts besides never goes back."""

    def __init__(self) -> None:
        super().__init__(1000.0)
        self.off_s = 0.0

    def now(self) -> float:
        """Give the seconds it shows."""
        return super().now() + self.off_s


async def test_a_timer_rings_when_its_time_has_passed_and_not_before() -> None:
    clock = FakeClock(1000.0)
    async with opened(clock=clock) as runs:
        run = await runs.start(agent([WAIT, "done"], wait_for()), "go")
        await parked(run)
        assert (await run.row()).due_at == 1060.0
        for seconds in (0.0, 59.0, 0.9):
            clock.advance(seconds)
            assert await runs.sweep() == 0
        clock.advance(0.1)
        result = await run.result()
    assert [item.result.text for item in only(ToolReturned, result.events)] == ["The time has passed."]
    assert len(only(Attempted, result.events)) == 2
    assert result.messages[2].label.integrity == "trusted"


async def test_a_clock_that_jumps_ahead_lets_a_timer_ring_once() -> None:
    clock = FakeClock(1000.0)
    async with opened(clock=clock) as runs:
        run = await runs.start(agent([WAIT, "done"], wait_for()), "go")
        await parked(run)
        clock.advance(1e9)
        result = await run.result()
    assert len(only(TimerRang, result.events)) == 1


async def test_a_clock_that_is_set_back_makes_a_timer_wait_until_it_shows_the_time() -> None:
    clock = Reset()
    async with opened(clock=clock) as runs:
        run = await runs.start(agent([WAIT, "done"], wait_for()), "go")
        await parked(run)
        clock.off_s = -900.0
        clock.advance(61.0)
        assert await runs.sweep() == 0
        assert (await run.row()).status == "waiting"
        clock.off_s = 0.0
        assert (await run.result()).output == "done"


async def test_no_time_at_all_has_passed_already() -> None:
    async with opened() as runs:
        result = await (await runs.start(agent([use("wait", seconds=0), "done"], wait_for()), "go")).result()
    assert len(only(Attempted, result.events)) == 1
    assert len(only(TimerRang, result.events)) == 1


async def test_a_timer_goes_on_while_nobody_has_the_store_open() -> None:
    clock, helper = FakeClock(1000.0), agent([WAIT, "done"], wait_for())
    async with faulty() as store:
        async with opened(store, clock=clock) as runs:
            run = await runs.start(helper, "go")
            await parked(run)
        clock.advance(30.0)
        async with opened(store, helper, clock=clock, seed=1) as runs:
            assert await runs.sweep() == 0
        clock.advance(30.0)
        async with opened(store, helper, clock=clock, seed=2) as runs:
            result = await (await runs.get(run.id)).result()
    assert len(only(TimerSet, result.events)) == 1


async def test_of_two_timers_each_rings_at_its_time() -> None:
    clock = FakeClock(1000.0)
    async with opened(clock=clock) as runs:
        run = await runs.start(agent([[WAIT, use("wait", seconds=10)], "done"], wait_for()), "go")
        await parked(run)
        assert (await run.row()).due_at == 1010.0
        clock.advance(10.0)
        await _rang(runs, run.id, 1)
        assert (await run.row()).due_at == 1060.0
        clock.advance(50.0)
        result = await run.result()
    assert [item.key for item in only(TimerRang, result.events)] == ["wait:0:call_0_1", "wait:0:call_0_0"]


async def test_a_longer_wait_than_allowed_is_a_mistake_of_the_models() -> None:
    async with opened() as runs:
        result = await (await runs.start(agent([WAIT, "done"], wait_for(max_s=59.0)), "go")).result()
    (returned,) = only(ToolReturned, result.events)
    assert "less than or equal to 59" in returned.result.text
    assert only(TimerSet, result.events) == []


async def test_a_real_clock_will_do() -> None:
    settings = Settings(sweep_s=0.01, grace_s=0.1)
    async with open_runs(":memory:", settings=settings) as runs:
        result = await (await runs.start(agent([use("wait", seconds=0.01), "done"], wait_for()), "go")).result()
    assert result.output == "done"


async def _rang(runs: Runs, run: str, times: int) -> None:
    """Wait until timers have rung so often, and the run waits again."""
    found = await runs.get(run)
    while len(only(TimerRang, await found.events())) < times:
        pass
    await parked(found)
