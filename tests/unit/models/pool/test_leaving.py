"""Callers who go away, wherever they are at that moment: nothing stays taken, and nobody waits for them."""

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from benchmarks.virtual_time import run_virtually
from mainspring.core.errors import ModelError
from tests.unit.models.pool.playing import (
    BROKEN,
    Player,
    Step,
    asked,
    called,
    is_idle,
    now,
    pool_of,
    until,
    virtually,
)


@virtually
async def test_a_caller_who_goes_away_while_it_is_answered_gives_its_member_back() -> None:
    one = Player("one", 10.0, concurrency=1)
    pool = pool_of(one)
    gone, waiting = asyncio.ensure_future(asked(pool)), asyncio.ensure_future(asked(pool))
    await until(1)
    gone.cancel()
    assert await waiting == "one"
    assert (one.n_cancelled, now()) == (1, 11)
    assert pool.members[0].counts.abandoned == 1
    assert pool.members[0].counts.failures == 0
    assert is_idle(pool)


@virtually
async def test_a_caller_who_goes_away_while_it_waits_is_not_waited_for() -> None:
    pool = pool_of(Player("one", concurrency=1))
    calls = [asyncio.ensure_future(asked(pool, owner=owner)) for owner in ("a", "a", "b", "c")]
    await until(0.5)
    for gone in calls[1:3]:
        gone.cancel()
    await asyncio.wait(calls[1:3])
    assert pool.n_waiting == 1
    assert (await calls[3], now()) == ("one", 2)
    assert is_idle(pool)


@virtually
async def test_a_caller_who_goes_away_in_the_moment_it_is_served_leaves_its_place_to_the_next() -> None:
    pool = pool_of(Player("one", concurrency=1))
    first, gone, last = (asyncio.ensure_future(asked(pool)) for _ in range(3))
    first.add_done_callback(lambda _: gone.cancel())
    assert (await first, await last) == ("one", "one")
    assert gone.cancelled()
    assert now() == 2
    assert is_idle(pool)


@virtually
async def test_a_caller_who_goes_away_between_two_rounds_leaves_nothing() -> None:
    pool = pool_of(Player("one", BROKEN))
    gone = asyncio.ensure_future(asked(pool))
    await asyncio.sleep(0.001)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert is_idle(pool)


@virtually
async def test_a_bug_of_the_caller_is_no_failure_of_the_member() -> None:
    pool = pool_of(Player("one"), eject_after=1)

    async def buggy(tried: Any) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await pool.call(buggy)
    assert pool.members[0].counts.failures == 0
    assert not pool.members[0].health.is_ejected
    assert is_idle(pool)


@given(seed=st.integers(0, 2**32), hedge=st.sampled_from([None, "p50"]), streams=st.booleans())
@hypothesis_settings(max_examples=60)
def test_nothing_stays_taken_whoever_goes_away_and_fails_whenever(
    seed: int, hedge: str | None, streams: bool
) -> None:
    run_virtually(troubled(Random(seed), hedge, streams))  # noqa: S311 - repeatable


async def troubled(random: Random, hedge: str | None, streams: bool) -> None:
    """Make calls some of which fail, or are given up; times are rough, so that much happens at once."""
    steps: list[Step] = [0.5, 1.0, 1.0, 1.5, 4.0, BROKEN]
    players = [
        Player(
            str(n),
            script=random.choices(steps, k=200),
            first_content_s=random.choice([0.0, 0.5]) if streams else None,
            concurrency=random.choice([1, 2, None]),
            tier=random.choice([1, 1, 2]),
        )
        for n in range(3)
    ]
    pool = pool_of(*players, hedge=hedge, deadline_s=20, eject_after=50)
    given_up = 0

    async def ask(start_s: float, patience_s: float) -> None:
        nonlocal given_up
        await until(start_s)
        try:
            async with asyncio.timeout(patience_s):
                answer = await called(pool, owner=str(random.randrange(3)))
        except (ModelError, TimeoutError):
            given_up += 1
        else:
            assert answer.value == answer.member.name

    await asyncio.gather(
        *(ask(random.randrange(60) / 2, random.choice([0.0, 0.5, 1.0, 1.5, 20.0])) for _ in range(120))
    )
    assert given_up > 0
    assert is_idle(pool)
    for player in players:
        assert player.n_at_once == 0
        assert player.concurrency is None or player.most_at_once <= player.concurrency
