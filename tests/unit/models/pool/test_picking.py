"""Whom a call goes to: who is expected to answer it first, with what others have asked for already."""

from collections import Counter

import pytest

from tests.unit.models.pool.playing import (
    BROKEN,
    LIMITED,
    Player,
    at_once,
    in_turn,
    is_idle,
    now,
    pool_of,
    until,
    virtually,
)


@virtually
async def test_a_call_goes_to_whoever_answers_soonest_once_all_are_known() -> None:
    pool = pool_of(Player("slow", 0.4), Player("fast", 0.1), Player("middling", 0.2))
    assert await in_turn(pool, 20) == ["slow", "fast", "middling"] + ["fast"] * 17


@virtually
async def test_a_member_that_was_never_asked_is_tried() -> None:
    pool = pool_of(*(Player(str(n), step=0.1 * (n + 1)) for n in range(8)))
    assert sorted(await in_turn(pool, 8)) == [str(n) for n in range(8)]


@virtually
async def test_what_is_under_way_counts_as_much_as_speed() -> None:
    fast, slow = Player("fast", 0.1), Player("slow", 0.25)
    pool = pool_of(fast, slow)
    await in_turn(pool, 2)
    assert Counter(await at_once(pool, 5)) == {"fast": 4, "slow": 1}


@pytest.mark.parametrize("n_members", [2, 4, 16])
@virtually
async def test_calls_that_come_together_are_spread(n_members: int) -> None:
    players = [Player(str(n)) for n in range(n_members)]
    pool = pool_of(*players)
    for _ in range(3):
        await at_once(pool, 3 * n_members)
    assert [(player.most_at_once, len(player.calls)) for player in players] == [(3, 9)] * n_members
    assert is_idle(pool)


@virtually
async def test_of_more_than_sixteen_members_each_has_its_calls_and_none_is_overrun() -> None:
    players = [Player(str(n)) for n in range(40)]
    pool = pool_of(*players)
    await at_once(pool, 400)
    assert min(len(player.calls) for player in players) >= 5
    assert max(player.most_at_once for player in players) <= 15


@virtually
async def test_of_more_than_sixteen_members_the_slow_ones_are_asked_less() -> None:
    slow, fast = [Player(f"slow {n}", 2.0) for n in range(10)], [Player(f"fast {n}", 0.1) for n in range(10)]
    pool = pool_of(*slow, *fast)
    await at_once(pool, 100)
    names = Counter(await in_turn(pool, 200))
    assert sum(names[player.name] for player in fast) > 2 * sum(names[player.name] for player in slow)


@virtually
async def test_a_member_that_was_slow_is_asked_again_when_it_was_not_for_a_while() -> None:
    steady, once_slow = Player("steady", 1.0), Player("once slow", 0.1, script=[8.0])
    pool = pool_of(steady, once_slow)
    await in_turn(pool, 2)
    assert await in_turn(pool, 60) == ["steady"] * 60
    assert "once slow" in await in_turn(pool, 60)
    await until(3600)
    assert Counter(await in_turn(pool, 20))["once slow"] >= 19


@virtually
async def test_one_straggler_does_not_make_a_fast_member_a_slow_one() -> None:
    pool = pool_of(Player("fast", 0.1, script=[0.1] * 4 + [5.0]), Player("slow", 0.3))
    await in_turn(pool, 5)
    assert await in_turn(pool, 10) == ["fast"] * 10
    assert now() > 5


@virtually
async def test_a_member_that_fails_fast_does_not_attract_calls() -> None:
    working, failing = Player("working", 1.0), Player("failing", BROKEN)
    pool = pool_of(working, failing)
    await at_once(pool, 50)
    assert len(failing.calls) <= 25, "those that came together before anything was known"
    n_before = len(failing.calls)
    failing.probe_error = BROKEN
    await in_turn(pool, 50)
    assert len(failing.calls) == n_before


@virtually
async def test_a_member_that_fails_every_other_time_is_asked_less_than_one_that_does_not() -> None:
    working, failing = Player("working", 1.0), Player("failing", 1.0, script=[1.0, BROKEN] * 500)
    pool = pool_of(working, failing, eject_after=1000)
    for _ in range(40):
        await at_once(pool, 4)
    assert len(failing.calls) < 0.7 * len(working.calls)


@virtually
async def test_a_member_that_refuses_at_once_for_its_rate_limit_is_left_alone_for_a_second_each_time() -> None:
    working, limited = Player("working", 0.1), Player("limited", LIMITED)
    pool = pool_of(working, limited)
    await in_turn(pool, 100)
    assert [later - sooner >= 1 for sooner, later in zip(limited.calls, limited.calls[1:], strict=False)] == (
        [True] * (len(limited.calls) - 1)
    )
    assert len(limited.calls) <= 10
