"""Rounds: everybody is tried without a pause, and only then is there one, longer each time."""

import pytest

from mainspring.core.errors import ModelUnavailable
from tests.unit.models.pool.playing import BROKEN, Player, asked, now, pool_of, virtually

LONG = ModelUnavailable("slow down", retry_after_s=100, status=429)


@virtually
async def test_everybody_is_tried_at_once_and_again_only_after_a_pause() -> None:
    players = [Player(str(n), BROKEN) for n in range(3)]
    with pytest.raises(ModelUnavailable, match="it is broken"):
        await asked(pool_of(*players, eject_after=100))
    for player in players:
        first, second = player.calls
        assert first == 0
        assert 0 < second <= 0.25
    assert len({player.calls[1] for player in players}) == 1


@virtually
async def test_pauses_are_a_matter_of_chance_below_a_bound_that_doubles() -> None:
    one = Player("one", BROKEN)
    with pytest.raises(ModelUnavailable):
        await asked(pool_of(one, attempts=12, deadline_s=600))
    pauses = [later - sooner for sooner, later in zip(one.calls, one.calls[1:], strict=False)]
    assert len(pauses) == 11
    for n_rounds, pause in enumerate(pauses):
        assert 0 < pause <= min(8, 0.25 * 2**n_rounds)
    assert max(pauses) > 1, "they grow"


@virtually
async def test_a_call_is_answered_by_whoever_is_well_in_the_next_round() -> None:
    pool = pool_of(Player("broken", BROKEN), Player("shaky", script=[BROKEN, BROKEN]), eject_after=100)
    assert await asked(pool) == "shaky"


@virtually
async def test_a_call_whose_next_round_would_come_too_late_fails_at_once_with_what_went_wrong() -> None:
    pool = pool_of(Player("resting"), Player("limited", LONG), deadline_s=60)
    pool.members[0].health.rest(now(), 100, "slow down")
    with pytest.raises(ModelUnavailable, match="slow down") as caught:
        await asked(pool)
    assert (caught.value.retry_after_s, now()) == (100, 0)


@virtually
async def test_no_pause_is_longer_than_somebody_has_to_rest() -> None:
    one = Player("one", script=[ModelUnavailable("slow down", retry_after_s=20, status=429)])
    assert await asked(pool_of(one)) == "one"
    assert one.calls == [0, pytest.approx(20)]
