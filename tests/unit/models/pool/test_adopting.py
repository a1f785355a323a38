"""Members that change while a pool works: weights in place, newcomers, those that leave."""

import asyncio
from collections import Counter

import pytest

from mainspring.core.errors import ConfigError
from mainspring.models.pool import Member
from tests.unit.models.pool.playing import Player, at_once, in_turn, pool_of, shown, virtually


def anew(player: Player, weight: float = 1.0, made_of: str = "", tier: int = 1) -> Member[Player]:
    """Make a member of a player again, as settings that are read anew do."""
    return Member(player.name, player, weight=weight, made_of=made_of, tier=tier)


@virtually
async def test_a_member_that_is_known_has_its_new_share_and_keeps_what_was_seen_of_it() -> None:
    heavy, canary = Player("heavy"), Player("canary", weight=0.1)
    pool = pool_of(heavy, canary)
    await in_turn(pool, 11)
    pool.adopt([anew(heavy), anew(canary, weight=0.25)])
    assert Counter(await in_turn(pool, 100))["canary"] in {20, 21}
    assert shown(pool)["heavy"].calls == len(heavy.calls)
    assert shown(pool)["canary"].latency_s == 1.0


@virtually
async def test_a_newcomer_is_asked_and_one_that_is_gone_ends_what_it_has() -> None:
    old, new = Player("old", 5.0), Player("new")
    pool = pool_of(old)
    waiting = asyncio.ensure_future(in_turn(pool, 1))
    await asyncio.sleep(1.0)
    pool.adopt([anew(new)])
    assert await in_turn(pool, 3) == ["new"] * 3
    assert await waiting == ["old"]
    assert old.n_cancelled == 0
    assert [member.name for member in pool.members] == ["new"]


@virtually
async def test_who_waits_in_line_is_served_by_a_newcomer() -> None:
    full, new = Player("full", 50.0, concurrency=1), Player("new")
    pool = pool_of(full)
    waiting = asyncio.ensure_future(at_once(pool, 2))
    await asyncio.sleep(1.0)
    pool.adopt([Member("full", full, concurrency=1), anew(new)])
    assert sorted(await waiting) == ["full", "new"]


@virtually
async def test_what_is_made_otherwise_under_the_same_name_is_another_member() -> None:
    before, after = Player("tuned"), Player("tuned")
    pool = pool_of(before)
    pool.adopt([anew(after, made_of="other weights")])
    await in_turn(pool, 2)
    assert (len(before.calls), len(after.calls)) == (0, 2)


@virtually
async def test_a_slow_call_of_a_member_that_is_gone_is_not_sent_twice() -> None:
    slow, new = Player("slow", script=[1.0] * 20, step=30.0), Player("new")
    pool = pool_of(slow, hedge="p90")
    await in_turn(pool, 20)
    waiting = asyncio.ensure_future(in_turn(pool, 1))
    await asyncio.sleep(0.5)
    pool.adopt([anew(new)])
    assert await waiting == ["slow"]
    assert new.calls == []


@virtually
async def test_members_that_make_no_pool_change_nothing() -> None:
    one = Player("one")
    pool = pool_of(one)
    with pytest.raises(ConfigError, match="weight above 0"):
        pool.adopt([anew(one, weight=0)])
    with pytest.raises(ConfigError, match="the same name"):
        pool.adopt([anew(one), anew(Player("one"))])
    assert await in_turn(pool, 2) == ["one"] * 2
