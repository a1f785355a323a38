"""Tiers, weights and slow starts: whose calls are not a matter of speed alone."""

from collections import Counter

import pytest

from mainspring.core.errors import ConfigError, ModelUnavailable, ModelUnreachable
from tests.unit.models.pool.playing import BROKEN, Player, asked, at_once, in_turn, pool_of, shown, until, virtually

GONE = ModelUnreachable("nobody listens")


@pytest.mark.parametrize("n_heavy", [1, 3])
@pytest.mark.parametrize("step", [0.1, 5.0], ids=["fast", "slow"])
@virtually
async def test_a_canary_has_its_share_to_within_one_call_however_fast_it_is(n_heavy: int, step: float) -> None:
    canary = Player("canary", step, weight=0.1)
    pool = pool_of(canary, *(Player(str(n)) for n in range(n_heavy)))
    share = 0.1 / (n_heavy + 0.1)
    for n_calls in range(1, 200):
        await asked(pool)
        assert abs(len(canary.calls) - share * n_calls) <= 1


@virtually
async def test_several_light_members_have_a_share_each() -> None:
    pool = pool_of(Player("heavy"), Player("light", weight=0.2), Player("lighter", weight=0.05))
    names = Counter(await in_turn(pool, 250))
    assert sum(names.values()) == 250
    assert abs(names["light"] - 40) <= 1
    assert abs(names["lighter"] - 10) <= 1


@virtually
async def test_a_canary_has_its_share_of_calls_that_come_together() -> None:
    pool = pool_of(Player("heavy"), Player("canary", weight=0.25))
    assert Counter(await at_once(pool, 100)) == {"heavy": 80, "canary": 20}


@virtually
async def test_what_a_canary_fails_another_member_answers() -> None:
    pool = pool_of(Player("heavy"), Player("canary", BROKEN, weight=0.5))
    assert await in_turn(pool, 20) == ["heavy"] * 20


@virtually
async def test_a_member_without_weight_is_never_asked() -> None:
    none = Player("none", weight=0)
    pool = pool_of(none, Player("all", GONE), attempts=3)
    with pytest.raises(ModelUnavailable, match="nobody listens"):
        await asked(pool)
    assert none.calls == []


@virtually
async def test_a_member_without_weight_is_nobody_to_wait_for() -> None:
    limited = Player("limited", ModelUnavailable("slow down", retry_after_s=3600, status=429))
    pool = pool_of(Player("none", weight=0), limited)
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="slow down"):
            await asked(pool)
    assert len(limited.calls) == 1


@virtually
async def test_a_pool_needs_a_member_with_weight_and_names_that_differ() -> None:
    with pytest.raises(ConfigError, match="no member with a weight above 0"):
        pool_of(Player("none", weight=0))
    with pytest.raises(ConfigError, match="no member"):
        pool_of()
    with pytest.raises(ConfigError, match="same name"):
        pool_of(Player("one"), Player("one"))


@virtually
async def test_the_second_tier_is_not_asked_while_the_first_one_is_well() -> None:
    pool = pool_of(Player("dear", 0.1, tier=2), Player("cheap", 5.0))
    assert set(await at_once(pool, 20)) == {"cheap"}


@virtually
async def test_what_the_first_tier_fails_the_second_one_answers() -> None:
    cheap = [Player("cheap 0", BROKEN), Player("cheap 1", BROKEN)]
    pool = pool_of(*cheap, Player("dear", tier=2), Player("dearest", tier=3))
    assert await in_turn(pool, 3) == ["dear"] * 3
    assert [len(player.calls) for player in cheap] == [3, 3]


@virtually
async def test_what_the_first_tier_has_no_room_for_the_second_one_answers() -> None:
    pool = pool_of(Player("cheap", concurrency=2), Player("dear", tier=2))
    assert Counter(await at_once(pool, 5)) == {"cheap": 2, "dear": 3}
    assert await asked(pool) == "cheap"


@virtually
async def test_a_tier_of_which_most_is_ejected_comes_behind_a_sound_one() -> None:
    gone = [Player(f"gone {n}", GONE, probe_error=GONE) for n in range(2)]
    pool = pool_of(*gone, Player("left over"), Player("dear", tier=2))
    await in_turn(pool, 2)
    assert set(await at_once(pool, 10)) == {"dear"}


@virtually
async def test_a_member_that_comes_back_is_given_its_full_share_bit_by_bit() -> None:
    steady, back = Player("steady"), Player("back", script=[GONE])
    pool = pool_of(back, steady, slow_start_s=100)
    await asked(pool)
    await until(10)
    await asked(pool)
    state_before = shown(pool)["back"].state
    shares = []
    for time_s in (20, 70, 120):
        await until(time_s)
        shares.append(Counter(await at_once(pool, 8))["back"])
    assert (state_before, shown(pool)["back"].state) == ("returning", "well")
    assert 0 <= shares[0] < shares[1] < shares[2] == 4
