"""Rests: a member that asks for patience is left alone for as long as it asked, and no longer."""

from collections.abc import Callable

import pytest

from mainspring.core.errors import ModelUnavailable
from mainspring.models.pool import Try
from tests.unit.models.pool.playing import (
    LIMITED,
    Player,
    asked,
    at_once,
    in_turn,
    now,
    pool_of,
    shown,
    until,
    virtually,
)

Patience = Callable[[float], ModelUnavailable]


def limited(for_s: float) -> ModelUnavailable:
    return ModelUnavailable("slow down", retry_after_s=for_s, status=429)


def overloaded(for_s: float) -> ModelUnavailable:
    return ModelUnavailable("too much to do", retry_after_s=for_s, status=503)


@pytest.mark.parametrize("patience", [limited, overloaded])
@virtually
async def test_a_member_is_not_asked_before_its_rest_is_over(patience: Patience) -> None:
    resting, other = Player("resting", 0.1, script=[patience(5)]), Player("other")
    pool = pool_of(resting, other)
    assert await in_turn(pool, 5) == ["other"] * 5
    assert (len(resting.calls), shown(pool)["resting"].state) == (1, "well")
    assert "resting" in await in_turn(pool, 2)


@virtually
async def test_a_rest_is_shown_with_its_reason_and_for_how_long_it_is() -> None:
    pool = pool_of(Player("resting", script=[limited(30)]), Player("other"))
    await asked(pool)
    status = shown(pool)["resting"]
    assert (status.state, status.reason, status.for_s) == ("resting", "slow down", 29)
    assert (shown(pool)["other"].state, shown(pool)["other"].reason) == ("well", "")


@pytest.mark.parametrize("rests", [(10, 2), (2, 10)], ids=["longer first", "shorter first"])
@virtually
async def test_the_longer_of_two_rests_counts(rests: tuple[float, float]) -> None:
    resting = Player("resting", script=[limited(seconds) for seconds in rests], fails_after_s=1)
    pool = pool_of(resting, Player("other"))
    assert await at_once(pool, 3) == ["other"] * 3
    assert len(resting.calls) == 2
    assert shown(pool)["resting"].for_s == 9


@virtually
async def test_a_rate_limit_is_no_failure() -> None:
    pool = pool_of(Player("limited", script=[limited(0)] * 50), Player("other", 0.1), eject_after=2)
    await in_turn(pool, 300)
    assert shown(pool)["limited"].ejections == 0
    assert shown(pool)["limited"].failures > 2


@virtually
async def test_a_member_that_asks_for_patience_all_the_time_is_ejected_unless_it_is_for_a_rate_limit() -> None:
    pool = pool_of(Player("overloaded", overloaded(0)), Player("other", 0.1), eject_after=3)
    await in_turn(pool, 300)
    assert shown(pool)["overloaded"].ejections > 0


@virtually
async def test_a_rate_limit_that_does_not_say_how_long_is_a_second() -> None:
    pool = pool_of(Player("limited", 0.1, script=[LIMITED]), Player("other", 0.1))
    await asked(pool)
    assert shown(pool)["limited"].for_s == pytest.approx(0.9)


@pytest.mark.parametrize("patience_s", [float("inf"), 1e9])
@virtually
async def test_who_asks_for_more_patience_than_anybody_has_is_asked_again_after_an_hour(patience_s: float) -> None:
    absurd = Player("absurd", 0.1, script=[limited(patience_s)])
    pool = pool_of(absurd, Player("other"))
    assert await in_turn(pool, 3500) == ["other"] * 3500
    await until(3601)
    assert "absurd" in await in_turn(pool, 2)


@virtually
async def test_where_all_rest_a_call_waits_for_the_first_that_has_rested() -> None:
    players = [Player("long", script=[limited(8)]), Player("short", script=[limited(3)])]
    pool = pool_of(*players)
    assert await asked(pool) == "short"
    assert players[1].calls == [0, pytest.approx(3)]
    assert await asked(pool) == "short"


@virtually
async def test_a_call_that_comes_while_all_rest_waits_too() -> None:
    pool = pool_of(Player("long", script=[limited(80)]), Player("short", script=[limited(3)]), attempts=2)
    with pytest.raises(ModelUnavailable):
        await asked(pool)
    assert now() == 0
    assert await asked(pool) == "short"
    assert now() == pytest.approx(4)


@virtually
async def test_where_all_rest_for_longer_than_there_is_time_a_call_fails_at_once_and_says_for_how_long() -> None:
    players = [Player("long", script=[limited(600)]), Player("short", script=[limited(300)])]
    pool = pool_of(*players, deadline_s=60)
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="slow down") as caught:
            await asked(pool)
        assert caught.value.retry_after_s == pytest.approx(300)
    assert now() == 0
    assert [len(player.calls) for player in players] == [1, 1]


@virtually
async def test_nobody_is_waited_for_where_some_rest_and_the_others_are_ejected_for_too_long() -> None:
    pool = pool_of(Player("ejected"), Player("resting"), deadline_s=10)
    pool.members[0].health.eject(now(), "it is broken", for_s=60)
    pool.members[1].health.rest(now(), 600, "slow down")
    with pytest.raises(ModelUnavailable, match="it is broken; slow down"):
        await asked(pool)
    assert now() == 0


@virtually
async def test_a_call_waits_for_one_that_is_ejected_where_the_others_rest_for_too_long() -> None:
    pool = pool_of(Player("ejected"), Player("resting"), deadline_s=10)
    pool.members[0].health.eject(now(), "it is broken")
    pool.members[1].health.rest(now(), 600, "slow down")
    assert await asked(pool) == "ejected"


@virtually
async def test_a_reply_that_says_that_the_rate_limit_is_used_up_counts_and_its_member_rests() -> None:
    one, other = Player("one", 0.1), Player("other")

    async def attempt(tried: Try[Player]) -> str:
        if tried.member.name == "one":
            tried.headers({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"})
        return await tried.member.endpoint.play(tried)

    pool = pool_of(one, other)
    assert [(await pool.call(attempt)).value for _ in range(3)] == ["one", "other", "other"]
    assert shown(pool)["one"].for_s == pytest.approx(90, abs=3)
    assert shown(pool)["one"].failures == 0
