"""Ejection: a member that keeps failing is left out, probed, and comes back on trial."""

import asyncio

import pytest

from benchmarks.virtual_time import run_virtually
from mainspring.core import FakeClock
from mainspring.core.errors import ModelRefused, ModelUnavailable, ModelUnreachable
from mainspring.models.pool import Member, Pool
from tests.unit.models.pool.playing import (
    BROKEN,
    Player,
    Step,
    asked,
    at_once,
    in_turn,
    now,
    pool_of,
    shown,
    until,
    virtually,
)

GONE = ModelUnreachable("nobody listens")
NO_KEY = ModelRefused("the key is wrong", status=401)
FINE = 0.01


async def used(pool: Pool[Player], until_s: float) -> None:
    """Make a call every tenth of a second, as people who use a pool do."""
    while now() < until_s:
        await asked(pool)
        await until(now() + 0.1)


@pytest.mark.parametrize(
    ("script", "is_ejected"),
    [
        ([BROKEN] * 4, False),
        ([BROKEN] * 5, True),
        ([BROKEN, BROKEN, BROKEN, BROKEN, FINE] * 3, True),
        ([FINE, BROKEN] * 20, False),
        ([GONE], True),
        ([FINE] * 20 + [BROKEN, BROKEN, FINE] * 4, False),
        ([FINE] * 20 + [BROKEN, BROKEN, FINE] * 8, True),
    ],
    ids=["four", "five", "nine of eleven", "half", "refused", "eight of twenty", "thirteen of twenty"],
)
@virtually
async def test_a_member_is_ejected_for_failing_in_a_row_or_too_often_or_for_not_being_there(
    script: list[Step], *, is_ejected: bool
) -> None:
    failing = Player("failing", FINE, script=script, probe_error=GONE)
    pool = pool_of(failing, Player("other", FINE, tier=2), attempts=2)
    for _ in script:
        await asked(pool)
        if shown(pool)["failing"].ejections:
            break
    assert (shown(pool)["failing"].ejections == 1) is is_ejected
    if is_ejected:
        assert shown(pool)["failing"].state == "ejected"
        assert shown(pool)["failing"].reason == str(script[-1] if script == [GONE] else BROKEN)


@virtually
async def test_an_ejected_member_is_asked_only_after_a_good_probe() -> None:
    failing = Player("failing", FINE, script=[GONE], probe_error=GONE)
    pool = pool_of(failing, Player("other", FINE))
    await used(pool, until_s=30)
    assert len(failing.calls) == 1
    assert len(failing.probes) >= 3
    failing.probe_error = None
    await used(pool, until_s=60)
    assert len(failing.calls) > 10
    assert failing.calls[1] > failing.probes[-1]


@virtually
async def test_a_member_that_stays_broken_is_probed_half_as_often_each_time_and_once_a_minute_at_last() -> None:
    failing = Player("failing", FINE, script=[GONE], probe_error=GONE)
    pool = pool_of(failing, Player("other", FINE))
    await used(pool, until_s=400)
    pauses = [later - sooner for sooner, later in zip([0, *failing.probes], failing.probes, strict=False)]
    for pause, expected_s in zip(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=False):
        assert expected_s <= pause <= 1.2 * expected_s + 0.2
    assert len(pauses) >= 8


@virtually
async def test_a_member_that_was_broken_for_a_week_comes_back() -> None:
    failing = Player("failing", FINE, script=[GONE], probe_error=GONE)
    pool = pool_of(failing, Player("other", FINE))
    for minute in range(2000):
        await until(75.0 * minute)
        await asked(pool)
    assert len(failing.probes) > 1900
    failing.probe_error = None
    await used(pool, until_s=now() + 100)
    assert len(failing.calls) > 10


@virtually
async def test_the_first_failure_on_trial_ejects_again_for_longer() -> None:
    failing = Player("failing", FINE, script=[GONE, BROKEN])
    pool = pool_of(failing, Player("other", FINE), slow_start_s=0)
    await used(pool, until_s=6)
    assert (len(failing.calls), shown(pool)["failing"].ejections) == (2, 2)
    await used(pool, until_s=30)
    assert failing.probes[1] - failing.calls[1] >= 2


@virtually
async def test_one_good_call_ends_the_trial() -> None:
    back = Player("back", FINE, script=[GONE, FINE, BROKEN])
    pool = pool_of(back, Player("other", FINE), slow_start_s=0)
    await used(pool, until_s=60)
    assert len(back.calls) > 3
    assert shown(pool)["back"].ejections == 1


@virtually
async def test_a_member_that_was_well_for_a_while_is_ejected_for_the_shortest_time_again() -> None:
    failing = Player("failing", FINE, script=[GONE] * 3 + [FINE] * 20 + [GONE])
    pool = pool_of(failing, Player("other", 1.0, tier=2))
    await used(pool, until_s=40)
    third, last = failing.probes[2], failing.probes[3]
    gone_at = failing.calls[23]
    assert shown(pool)["failing"].ejections == 4
    assert third - failing.calls[2] >= 4
    assert 1 <= last - gone_at < 3


@virtually
async def test_calls_under_way_that_fail_together_eject_once() -> None:
    failing = Player("failing", GONE, fails_after_s=0.5)
    pool = pool_of(failing, Player("other", FINE))
    await at_once(pool, 30)
    status = shown(pool)["failing"]
    assert (len(failing.calls), status.failures, status.ejections) == (15, 15, 1)
    assert status.for_s is not None
    assert status.for_s <= 1.2


@virtually
async def test_failures_on_the_way_do_not_make_an_ejection_longer() -> None:
    failing = Player("failing", FINE)
    pool = pool_of(failing, Player("other"))
    health = pool.members[0].health
    for error in [BROKEN] * 30 + [NO_KEY, GONE]:
        health.failed(now(), error)
    assert health.n_ejections == 1
    assert health.ejected_until is not None
    assert health.ejected_until <= 1.2


@pytest.mark.parametrize("status", [401, 402, 403, 404])
@virtually
async def test_a_member_with_a_wrong_key_or_name_is_left_out_and_the_others_serve(status: int) -> None:
    wrong = Player("wrong", ModelRefused("no", status=status))
    pool = pool_of(wrong, Player("other", FINE))
    await used(pool, until_s=29)
    assert len(wrong.calls) == 1
    assert shown(pool)["wrong"].state == "ejected"
    await used(pool, until_s=120)
    assert len(wrong.calls) <= 4


@virtually
async def test_where_most_members_are_ejected_that_is_our_own_trouble_and_all_are_tried() -> None:
    gone = [Player(f"gone {n}", FINE, script=[GONE], probe_error=GONE) for n in range(3)]
    pool = pool_of(*gone, Player("other", FINE), attempts=10)
    assert await asked(pool) == "other"
    assert {name for name, status in shown(pool).items() if status.state == "ejected"} == {
        player.name for player in gone
    }
    assert set(await at_once(pool, 12)) == {"gone 0", "gone 1", "gone 2", "other"}


@pytest.mark.parametrize(("panic", "n_gone", "all_are_tried"), [(0.5, 5, False), (0.5, 6, True), (0.7, 7, False)])
@virtually
async def test_how_many_have_to_be_ejected_for_that_can_be_said(
    panic: float, n_gone: int, *, all_are_tried: bool
) -> None:
    players = [Player(str(n), FINE, probe_error=GONE) for n in range(10)]
    pool = pool_of(*players, panic=panic)
    for member in pool.members[:n_gone]:
        member.health.eject(now(), "gone", for_s=3600)
    names = set(await in_turn(pool, 40))
    assert bool(names & {player.name for player in players[:n_gone]}) is all_are_tried


@virtually
async def test_a_pool_of_one_is_tried_however_often_it_fails() -> None:
    pool = pool_of(Player("one", FINE, script=[BROKEN] * 12, probe_error=GONE))
    for _ in range(2):
        with pytest.raises(ModelUnavailable):
            await asked(pool)
    assert await asked(pool) == "one"


@virtually
async def test_a_member_that_is_not_running_is_started_while_others_serve() -> None:
    starting, other = Player("starting", FINE), Player("other", FINE)
    pool = pool_of(starting, other)
    is_up = False

    async def start() -> None:
        nonlocal is_up
        await asyncio.sleep(20)
        is_up = True

    pool.members[0].probe, pool.members[0].is_up = start, lambda: is_up
    await used(pool, until_s=15)
    assert starting.calls == []
    assert shown(pool)["starting"].reason == "it does not run"
    await used(pool, until_s=60)
    assert 20 < starting.calls[0] < 40


@virtually
async def test_where_nobody_is_running_calls_go_to_whoever_starts_first() -> None:
    pool = pool_of(Player("one"), Player("other"))
    for member in pool.members:
        member.is_up = lambda: False
    assert len(await in_turn(pool, 3)) == 3
    assert [status.ejections for status in shown(pool).values()] == [0, 0]


def test_a_probe_that_ended_with_its_loop_is_made_again_in_the_next_one() -> None:
    clock, n_probes = FakeClock(1000.0), 0

    async def hang() -> None:
        nonlocal n_probes
        n_probes += 1
        await asyncio.Event().wait()

    pool = Pool("fast", [Member("gone", Player("gone"), probe=hang), Member("other", Player("other"))], clock=clock)
    pool.members[0].health.eject(clock.monotonic(), "gone")
    clock.advance(60)

    async def use() -> None:
        assert await asked(pool) == "other"
        assert await asked(pool) == "other"

    for n_loops in (1, 2):
        run_virtually(use())
        assert n_probes == n_loops
