"""How many calls a server is asked at once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mainspring.core import FakeClock
from mainspring.core.errors import ModelRefused, ModelUnavailable
from mainspring.data.calls import Pace

Attempt = Callable[[], Awaitable[float]]


class Server:
    """Bears so many calls at once, refuses the others, and takes so long for each."""

    def __init__(self, clock: FakeClock, bears: int = 1000) -> None:
        self.bears = bears
        self.n_under_way = self.most_under_way = self.n_asked = 0
        self.latency_s = 1.0
        self._clock = clock
        self._gate = asyncio.Event()

    async def __call__(self) -> float:
        """Answer after the next tick, or refuse at once."""
        self.n_asked += 1
        if self.n_under_way >= self.bears:
            raise ModelUnavailable("429", retry_after_s=0.0, status=429)
        self.n_under_way += 1
        self.most_under_way = max(self.most_under_way, self.n_under_way)
        try:
            await self._gate.wait()
        finally:
            self.n_under_way -= 1
        return 1.0

    async def tick(self) -> None:
        """Let the time of one call pass, and answer all that are under way."""
        for _ in range(20):
            await asyncio.sleep(0)
        self._clock.advance(self.latency_s)
        gate, self._gate = self._gate, asyncio.Event()
        gate.set()
        for _ in range(20):
            await asyncio.sleep(0)


async def asked(pace: Pace, server: Attempt, n: int) -> "list[asyncio.Task[float]]":
    return [asyncio.create_task(pace.call(server, lambda size: size)) for _ in range(n)]


async def test_a_server_that_bears_more_is_asked_more_until_the_bound() -> None:
    clock = FakeClock()
    pace, server = Pace(clock, most=32, start=2), Server(clock)
    tasks = await asked(pace, server, 400)
    for _ in range(20):
        await server.tick()
    assert server.most_under_way == 32
    await asyncio.gather(*tasks)


async def test_it_takes_few_rounds_to_fill_a_server_that_shows_no_strain() -> None:
    clock = FakeClock()
    pace, server = Pace(clock, most=64, start=4), Server(clock)
    tasks = await asked(pace, server, 400)
    for _ in range(5):
        await server.tick()
    assert pace.limit == 64
    for _ in range(10):
        await server.tick()
    await asyncio.gather(*tasks)


async def test_a_refusal_halves_what_is_allowed_once_however_many_calls_it_met() -> None:
    clock = FakeClock()
    pace, server = Pace(clock, most=32, start=16), Server(clock, bears=8)
    tasks = await asked(pace, server, 16)
    for _ in range(20):
        await asyncio.sleep(0)
    assert pace.limit == 8
    for _ in range(6):
        await server.tick()
    assert await asyncio.gather(*tasks) == [1.0] * 16


async def test_a_server_that_becomes_slower_the_more_it_is_asked_is_asked_less() -> None:
    clock = FakeClock()
    pace, server = Pace(clock, most=64, start=4), Server(clock)
    tasks = await asked(pace, server, 900)
    for _ in range(60):
        server.latency_s = max(1.0, server.n_under_way / 8)  # it answers eight at a time
        await server.tick()
    assert 8 <= pace.limit < 40
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_call_that_cannot_succeed_is_not_tried_again() -> None:
    async def refused() -> float:
        raise ModelRefused("too long", status=400)

    with pytest.raises(ModelRefused, match="too long"):
        await Pace(FakeClock()).call(refused, lambda size: size)


async def test_a_server_that_is_gone_for_long_is_not_asked_any_more() -> None:
    n_asked = 0

    async def gone() -> float:
        nonlocal n_asked
        n_asked += 1
        raise ModelUnavailable("nobody answers", retry_after_s=0.0)

    pace = Pace(FakeClock(), attempts=3)
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="nobody answers"):
            await pace.call(gone, lambda size: size)
    assert n_asked == 3


async def test_a_call_that_is_cancelled_while_it_waits_leaves_its_place_to_another() -> None:
    clock = FakeClock()
    pace, server = Pace(clock, most=1, start=1), Server(clock)
    first, second, third = await asked(pace, server, 3)
    await asyncio.sleep(0)
    second.cancel()
    await server.tick()
    await server.tick()
    assert [await first, await third] == [1.0, 1.0]
    assert pace.n_under_way == 0


async def test_no_more_take_part_in_the_work_than_calls_may_be_under_way() -> None:
    pace = Pace(FakeClock(), most=2, start=2)
    inside, done = 0, asyncio.Event()

    async def takes_part() -> None:
        nonlocal inside
        async with pace.work():
            inside += 1
            await done.wait()

    tasks = [asyncio.create_task(takes_part()) for _ in range(5)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert inside == 2
    done.set()
    await asyncio.gather(*tasks)
    assert inside == 5
