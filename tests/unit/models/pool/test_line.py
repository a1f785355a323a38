"""The line: calls wait where all members have enough to do, in turns, and not in vain."""

import asyncio
import threading
from collections import Counter

import pytest

from mainspring.core.errors import ModelBusy, ModelUnavailable
from mainspring.models.pool import Member, Pool, PoolSettings, Try
from tests.unit.models.pool.playing import (
    BROKEN,
    Player,
    asked,
    at_once,
    in_turn,
    is_idle,
    now,
    pool_of,
    until,
    virtually,
)


@virtually
async def test_no_member_has_more_calls_than_it_may_and_all_are_answered() -> None:
    few, many = Player("few", concurrency=1), Player("many")
    pool = pool_of(few, many, concurrency=3)
    assert len(await at_once(pool, 40)) == 40
    assert (few.most_at_once, many.most_at_once) == (1, 3)
    assert is_idle(pool)


@virtually
async def test_calls_of_one_owner_are_served_in_the_order_they_came() -> None:
    pool = pool_of(Player("one", concurrency=1))
    served: list[int] = []

    async def ask(number: int) -> None:
        await asked(pool)
        served.append(number)

    await asyncio.gather(*(ask(number) for number in range(10)))
    assert served == list(range(10))


@virtually
async def test_owners_take_turns_however_many_calls_each_has() -> None:
    pool = pool_of(Player("one", concurrency=1))
    served: list[str] = []

    async def ask(owner: str) -> None:
        await asked(pool, owner=owner)
        served.append(owner)

    owners = ["many"] * 100 + ["two"] * 2 + ["one"]
    await asyncio.gather(*(ask(owner) for owner in owners))
    assert served[:6] == ["many", "many", "two", "one", "many", "two"]
    assert Counter(served) == Counter(owners)


@virtually
async def test_a_call_beyond_the_bound_is_refused_at_once_and_told_when_to_come_back() -> None:
    pool = pool_of(Player("one", concurrency=1), queue=2)
    calls = [asyncio.ensure_future(asked(pool)) for _ in range(3)]
    await asyncio.sleep(0)
    assert pool.n_waiting == 2
    with pytest.raises(ModelBusy, match="'fast' are busy and 2 calls wait already") as caught:
        await asked(pool)
    assert now() == 0
    assert caught.value.retry_after_s == 1.0
    assert await asyncio.gather(*calls) == ["one"] * 3


@virtually
async def test_a_call_that_would_wait_longer_than_its_deadline_is_refused_at_once() -> None:
    pool = pool_of(Player("one", 10.0, concurrency=1), deadline_s=35)
    await asked(pool)
    calls = [asyncio.ensure_future(asked(pool)) for _ in range(5)]
    await until(11)
    assert [call.done() for call in calls] == [False] * 5
    with pytest.raises(ModelBusy) as caught:
        await asked(pool)
    assert caught.value.retry_after_s == pytest.approx(40, rel=0.05)
    assert now() == 11
    await asyncio.gather(*calls, return_exceptions=True)
    assert is_idle(pool)


@virtually
async def test_a_newcomer_does_not_push_in() -> None:
    pool = pool_of(Player("one", concurrency=1))
    pool.members[0].health.rest(now(), 1.0, "its rate limit is used up")
    served: list[str] = []

    async def ask(name: str, at_s: float) -> None:
        await until(at_s)
        await asked(pool)
        served.append(name)

    await asyncio.gather(ask("newcomer", 1.0), ask("first in line", 0.5))
    assert served == ["first in line", "newcomer"]


@virtually
async def test_a_call_that_waits_for_another_member_keeps_nobody_from_the_one_it_failed_at() -> None:
    failing, busy = Player("failing", 0.1, script=[BROKEN]), Player("busy", 50.0, concurrency=1)
    pool = pool_of(busy, failing)
    waited_for = asyncio.ensure_future(asked(pool))
    await asyncio.sleep(0)
    failed = asyncio.ensure_future(asked(pool))
    await until(1)
    assert pool.n_waiting == 1
    assert await at_once(pool, 3) == ["failing"] * 3
    assert now() == pytest.approx(1.1)
    assert (await waited_for, await failed) == ("busy", "busy")


@virtually
async def test_a_call_does_not_wait_for_a_member_that_is_ejected_meanwhile() -> None:
    flaky, busy = Player("flaky", script=[BROKEN]), Player("busy", 50.0, concurrency=1)
    pool = pool_of(busy, flaky)
    holding = asyncio.ensure_future(asked(pool))
    await asyncio.sleep(0)
    failed = asyncio.ensure_future(asked(pool))
    await until(1)
    pool.members[0].health.eject(now(), "it was taken away", for_s=3600)
    assert await failed == "flaky"
    assert now() < 5
    assert await holding == "busy"


@virtually
async def test_who_waits_is_told_when_everybody_begins_to_rest_for_longer_than_there_is_time() -> None:
    one = Player("one", 10.0, concurrency=1)
    pool = pool_of(one, deadline_s=60)
    holding = asyncio.ensure_future(asked(pool))
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(asked(pool))
    await until(1)
    pool.members[0].health.rest(now(), 600, "its rate limit is used up")
    with pytest.raises(ModelUnavailable, match="its rate limit is used up"):
        await waiting
    assert now() <= 11
    assert await holding == "one"


@virtually
async def test_who_waits_for_a_rest_to_end_is_served_when_it_ends() -> None:
    pool = pool_of(Player("one"))
    pool.members[0].health.rest(now(), 3.1, "its rate limit is used up")
    await asked(pool)
    assert now() == pytest.approx(4.1)


@virtually
async def test_who_waits_is_served_in_the_moment_a_member_comes_back() -> None:
    back, busy = Player("back"), Player("busy", 50.0, concurrency=1)
    pool = pool_of(busy, back)
    pool.members[1].health.eject(now(), "gone")
    came_back_s: list[float] = []

    async def probe() -> None:
        await asyncio.sleep(0.1)
        came_back_s.append(now())

    pool.members[1].probe = probe
    holding = asyncio.ensure_future(asked(pool))
    await asyncio.sleep(0)
    assert await asked(pool) == "back"
    assert back.calls == came_back_s
    assert await holding == "busy"


def test_a_pool_serves_the_loops_of_many_threads() -> None:
    lock, n_at_once, most_at_once = threading.Lock(), 0, 0
    pool = Pool("fast", [Member(name, name, concurrency=2) for name in ("one", "two")], PoolSettings())

    async def attempt(tried: Try[str]) -> str:
        nonlocal n_at_once, most_at_once
        with lock:
            n_at_once += 1
            most_at_once = max(most_at_once, n_at_once)
        await asyncio.sleep(0.001)
        with lock:
            n_at_once -= 1
        return tried.member.name

    answers: list[str] = []

    async def ask_often() -> None:
        answers.extend(await asyncio.gather(*((ask(pool)) for _ in range(50))))

    async def ask(pool: Pool[str]) -> str:
        return (await pool.call(attempt, owner=threading.current_thread().name)).value

    threads = [threading.Thread(target=asyncio.run, args=(ask_often(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 200
    assert most_at_once == 4
    assert is_idle(pool)


@virtually
async def test_a_pool_with_no_line_refuses_what_it_cannot_serve_at_once() -> None:
    pool = pool_of(Player("one", concurrency=1), queue=0)
    first = asyncio.ensure_future(asked(pool))
    await asyncio.sleep(0)
    with pytest.raises(ModelBusy):
        await asked(pool)
    assert await first == "one"
    assert await in_turn(pool, 2) == ["one"] * 2


@virtually
async def test_a_pool_with_no_line_tries_again_all_the_same() -> None:
    assert await asked(pool_of(Player("one", script=[BROKEN, BROKEN]), queue=0)) == "one"
