"""Second calls: when a call is sent twice, which one counts, and what becomes of the other."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from mainspring.core.errors import ModelRefused, ModelUnavailable
from mainspring.models.pool import Pool
from tests.unit.models.pool.playing import (
    BROKEN,
    Player,
    Step,
    asked,
    at_once,
    called,
    in_turn,
    is_idle,
    now,
    pool_of,
    shown,
    until,
    virtually,
)


def knowing(*players: Player, **settings: Any) -> Pool[Player]:
    """Make a pool that knows that nine of ten calls take no longer than a second."""
    pool = pool_of(*players, **({"hedge": "p90"} | settings))
    assert pool.hedging is not None
    for _ in range(20):
        pool.hedging.answered(1.0)
    return pool


@virtually
async def test_a_call_that_is_slower_than_nine_of_ten_is_sent_to_another_member_too_and_the_faster_one_counts() -> (
    None
):
    slow, other = Player("slow", 10.0), Player("other", 2.0)
    pool = knowing(slow, other)
    answer = await called(pool)
    assert (answer.value, answer.member.name, now()) == ("other", "other", 3)
    assert (slow.calls, other.calls, slow.n_cancelled) == ([0], [1], 1)
    assert (answer.n_sent, answer.seconds) == (2, 2)
    assert [(lost.member.name, lost.seconds) for lost in answer.lost] == [("slow", 3)]
    assert is_idle(pool)


@virtually
async def test_what_became_of_both_calls_is_counted() -> None:
    pool = knowing(Player("slow", 10.0), Player("other", 2.0))
    await asked(pool)
    slow, other = shown(pool)["slow"], shown(pool)["other"]
    assert (slow.calls, slow.abandoned, slow.hedges, slow.won, slow.failures) == (1, 1, 0, 0, 0)
    assert (other.calls, other.abandoned, other.hedges, other.won, other.failures) == (1, 0, 1, 1, 0)
    assert slow.latency_s == pytest.approx(3), "it would have been longer"
    assert other.latency_s == pytest.approx(2)


@virtually
async def test_the_first_call_counts_where_it_is_the_faster_one_after_all() -> None:
    first, other = Player("first", 1.5), Player("other", 2.0)
    pool = knowing(first, other)
    answer = await called(pool)
    assert (answer.value, now(), other.n_cancelled) == ("first", 1.5, 1)
    assert [(lost.member.name, lost.seconds) for lost in answer.lost] == [("other", 0.5)]
    assert (shown(pool)["other"].hedges, shown(pool)["other"].won) == (1, 0)


@virtually
async def test_two_answers_in_the_same_moment_are_one_answer_and_one_that_was_given_up() -> None:
    pool = knowing(Player("first", 3.0), Player("other", 2.0))
    answer = await called(pool)
    assert len(answer.lost) == 1
    assert {answer.member.name, answer.lost[0].member.name} == {"first", "other"}
    assert sum(status.abandoned for status in shown(pool).values()) == 1
    assert is_idle(pool)


@virtually
async def test_nothing_is_sent_twice_before_enough_is_known() -> None:
    players = [Player(str(n), 5.0) for n in range(2)]
    pool = pool_of(*players, hedge="p90")
    await at_once(pool, 20)
    assert sum(len(player.calls) for player in players) == 20
    players[0].step = players[1].step = 50.0
    await in_turn(pool, 1)
    assert sum(len(player.calls) for player in players) == 22


@pytest.mark.parametrize("players", [[Player("one", 5.0)], [Player("one", 5.0), Player("dear", tier=2)]], ids=len)
@virtually
async def test_nothing_is_sent_twice_where_there_is_no_other_member_of_the_tier(players: Sequence[Player]) -> None:
    pool = knowing(*players)
    answer = await called(pool)
    assert (answer.member.name, answer.n_sent) == ("one", 1)


@virtually
async def test_nothing_is_sent_twice_to_a_member_that_is_full_or_rests_or_is_ejected() -> None:
    pool = knowing(*(Player(name, 5.0, concurrency=1) for name in ("one", "full", "resting", "ejected")))
    pool.members[2].health.rest(now(), 600, "slow down")
    pool.members[3].health.eject(now(), "gone", for_s=600)
    answers = await asyncio.gather(*(called(pool) for _ in range(2)))
    assert [answer.n_sent for answer in answers] == [1, 1]


@virtually
async def test_a_call_may_say_that_it_must_not_be_sent_twice() -> None:
    pool = knowing(Player("slow", 5.0), Player("other"))

    async def attempt(tried: Any) -> object:
        return await tried.member.endpoint.play(tried)

    assert (await pool.call(attempt, hedge=False)).n_sent == 1


@virtually
async def test_a_call_is_not_sent_more_often_than_it_may_be() -> None:
    assert (await called(knowing(Player("slow", 5.0), Player("other"), attempts=1))).n_sent == 1


@virtually
async def test_no_more_calls_are_sent_twice_than_the_quantile_says_where_everybody_is_slow() -> None:
    players = [Player(str(n), 5.0) for n in range(4)]
    pool = knowing(*players)
    for _ in range(100):
        pool.hedging.answered(1.0) if pool.hedging else None
        await at_once(pool, 4)
    n_hedges = sum(status.hedges for status in shown(pool).values())
    assert 0 < n_hedges <= 0.1 * 400 + 1


@virtually
async def test_calls_sent_again_after_a_failure_leave_less_to_be_sent_twice() -> None:
    failing, slow, other = Player("failing", BROKEN), Player("slow", 5.0), Player("other", 5.0)
    pool = knowing(failing, slow, other, eject_after=1000)
    await asked(pool)
    assert sum(status.hedges for status in shown(pool).values()) == 0


@pytest.mark.parametrize(
    ("first", "other", "winner", "done_s"),
    [
        (Player("first", BROKEN, fails_after_s=2.0), Player("other", 3.0), "other", 4.0),
        (Player("first", 3.0), Player("other", BROKEN, fails_after_s=0.5), "first", 3.0),
    ],
    ids=["first", "second"],
)
@virtually
async def test_where_one_of_two_calls_fails_the_other_one_counts(
    first: Player, other: Player, winner: str, done_s: float
) -> None:
    pool = knowing(first, other)
    answer = await called(pool)
    assert (answer.value, answer.n_sent, answer.lost, now()) == (winner, 2, (), done_s)
    assert sum(status.failures for status in shown(pool).values()) == 1
    assert is_idle(pool)


@virtually
async def test_where_both_fail_a_third_member_is_asked() -> None:
    failing = [Player(name, BROKEN, fails_after_s=2.0) for name in ("first", "second")]
    pool = knowing(*failing, Player("third", 0.5))
    answer = await called(pool)
    assert (answer.value, answer.n_sent) == ("third", 3)


@virtually
async def test_where_everybody_fails_the_call_does() -> None:
    pool = knowing(*(Player(str(n), BROKEN, fails_after_s=2.0) for n in range(2)), attempts=2)
    with pytest.raises(ModelUnavailable, match="it is broken"):
        await asked(pool)
    assert is_idle(pool)


@virtually
async def test_a_call_that_is_refused_for_its_own_sake_needs_no_second_opinion() -> None:
    refusal: Step = ModelRefused("too long", status=400)
    first, other = Player("first", refusal, fails_after_s=2.0), Player("other", 50.0)
    pool = knowing(first, other)
    with pytest.raises(ModelRefused, match="too long"):
        await asked(pool)
    assert (now(), other.n_cancelled) == (2, 1)


@virtually
async def test_nothing_is_sent_twice_after_the_first_content() -> None:
    streaming, other = Player("streaming", 50.0, first_content_s=0.5), Player("other")
    answer = await called(knowing(streaming, other))
    assert (answer.value, answer.n_sent, answer.lost) == ("streaming", 1, ())
    assert other.calls == []


@virtually
async def test_the_first_content_decides_however_long_the_rest_takes() -> None:
    late, other = Player("late", 0.1, first_content_s=5.0), Player("other", 50.0, first_content_s=2.0)
    pool = knowing(late, other)
    assert await asked(pool) == "other"
    assert (late.n_cancelled, now()) == (1, 53)
    assert shown(pool)["late"].latency_s == pytest.approx(3), "it was given up when the other one began"


@virtually
async def test_first_contents_in_the_same_moment_are_shown_once() -> None:
    shown_by: list[str] = []
    players = [Player("first", 3.0), Player("other", 2.0)]
    pool = knowing(*players)

    async def attempt(tried: Any) -> str:
        await asyncio.sleep(tried.member.endpoint.step)
        tried.commit()
        shown_by.append(tried.member.name)
        await asyncio.sleep(1)
        return str(tried.member.name)

    answer = await pool.call(attempt)
    assert shown_by == [answer.value]
    assert is_idle(pool)


@virtually
async def test_a_caller_who_goes_away_takes_both_calls_along() -> None:
    players = [Player("first", 50.0), Player("other", 50.0)]
    pool = knowing(*players)
    call = asyncio.ensure_future(asked(pool))
    await until(2)
    call.cancel()
    await asyncio.wait([call])
    assert [player.n_cancelled for player in players] == [1, 1]
    assert is_idle(pool)
