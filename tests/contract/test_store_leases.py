"""What every store of runs keeps true about who drives what, and when."""

import asyncio

import pytest

from mainspring.core.errors import Conflict
from mainspring.core.events import CancelAsked
from mainspring.runs.journal import ENDED, Append, NewRun, Query, RunRow, Status, Store
from tests.contract.storing import Place, attempt, claim, more, new

STOP = CancelAsked(by="ada")
DONE: tuple[Status, ...] = tuple(sorted(ENDED))


async def test_a_claim_writes_the_attempt_and_takes_the_lease(store: Store) -> None:
    await store.append(new("run_1", STOP, due_at=5.0))
    assert await claim(store, "run_1", "driver") == 2
    row = await _row(store)
    assert (row.status, row.n_events, row.driver, row.lease_until, row.due_at) == (
        "running",
        2,
        "driver",
        40.0,
        None,
    )
    assert row.updated_at == 10.0
    entry = (await store.entries("run_1"))[1]
    assert (entry.at, entry.event) == (10.0, attempt("driver"))


async def test_a_run_that_somebody_drives_is_not_to_be_had_before_the_lease_lapses(store: Store) -> None:
    await store.append(new("run_1"))
    assert await claim(store, "run_1", "one", now=10.0) == 1
    assert await claim(store, "run_1", "two", now=40.0) is None
    assert await claim(store, "run_1", "one", now=10.0) is None
    assert await claim(store, "run_1", "two", now=40.5) == 2
    assert (await _row(store)).driver == "two"


async def test_the_lease_of_a_driver_known_to_be_dead_does_not_count(store: Store) -> None:
    await store.append(new("run_1"))
    await claim(store, "run_1", "dead")
    assert await claim(store, "run_1", "two", take_from="another") is None
    assert await claim(store, "run_1", "two", take_from="dead") == 2


async def test_of_many_that_claim_a_run_one_gets_it(place: Place) -> None:
    stores = [await place.open() for _ in range(3)]
    await stores[0].append(new("run_1"))
    got = await asyncio.gather(*(claim(store, "run_1", f"driver_{n}") for n in range(4) for store in stores))
    assert sorted(got, key=str) == [1, *[None] * 11]
    assert len(await stores[0].entries("run_1")) == 1


@pytest.mark.parametrize("status", DONE)
async def test_a_run_that_has_ended_is_not_to_be_had(store: Store, status: Status) -> None:
    await store.append(new("run_1"))
    await store.append(more("run_1", 0, status=status))
    assert await claim(store, "run_1", "driver", now=1000.0) is None
    assert await claim(store, "missing", "driver") is None
    assert await store.due(1000.0, ["clerk"], 10) == []


async def test_an_ended_run_that_is_made_pending_again_is_to_be_had(store: Store) -> None:
    await store.append(new("run_1"))
    await store.append(more("run_1", 0, status="failed"))
    assert await store.append(more("run_1", 0, STOP, status="pending")) == "pending"
    assert await claim(store, "run_1", "driver") == 2


async def test_a_waiting_run_is_to_be_had_once_its_time_has_come(store: Store) -> None:
    await store.append(new("run_1"))
    await store.append(more("run_1", 0, status="waiting", due_at=50.0))
    assert await claim(store, "run_1", "driver", now=49.0) is None
    assert await claim(store, "run_1", "driver", now=50.0) == 1


async def test_a_run_that_waits_for_no_time_is_not_to_be_had_unless_it_is_woken(store: Store) -> None:
    await store.append(new("run_1"))
    await store.append(more("run_1", 0, status="waiting"))
    assert await claim(store, "run_1", "driver", now=1e9) is None
    assert await store.append(more("run_1", 0, STOP, wake="run_1")) == "pending"
    assert await claim(store, "run_1", "driver") == 2


async def test_any_status_but_running_gives_the_lease_back(store: Store) -> None:
    await store.append(new("run_1"))
    await claim(store, "run_1", "driver")
    assert await store.append(more("run_1", 1, STOP)) == "running"
    assert await store.append(more("run_1", 2, status="running")) == "running"
    row = await _row(store)
    assert (row.driver, row.lease_until) == ("driver", 40.0)
    assert await store.append(more("run_1", 2, status="pending", due_at=70.0)) == "pending"
    row = await _row(store)
    assert (row.driver, row.lease_until, row.due_at) == (None, None, 70.0)


async def test_a_run_that_is_woken_while_it_is_driven_does_not_wait(store: Store) -> None:
    await store.append(new("parent"))
    await store.append(new("child"))
    await claim(store, "parent", "driver")
    assert await store.append(more("child", 0, status="finished", wake="parent")) == "finished"
    assert (await _row(store, "parent")).status == "running"
    assert await store.append(more("parent", 1, STOP, status="waiting", due_at=90.0)) == "pending"
    assert (await _row(store, "parent")).due_at is None
    await claim(store, "parent", "driver")
    assert await store.append(more("parent", 3, status="waiting")) == "waiting"


async def test_a_wake_up_does_not_touch_runs_that_do_not_wait(store: Store) -> None:
    await store.append(new("ended"))
    await store.append(more("ended", 0, status="failed"))
    await store.append(new("put_off", due_at=50.0))
    await store.append(new("child", STOP))
    for number, run in enumerate(("ended", "put_off", "missing")):
        await store.append(more("child", 1 + number, STOP, wake=run))
    assert (await _row(store, "ended")).status == "failed"
    assert (await _row(store, "put_off")).due_at == 50.0


async def test_whoever_woke_a_waiting_run_makes_it_due_at_once(store: Store) -> None:
    await store.append(new("parent"))
    await store.append(more("parent", 0, status="waiting", due_at=500.0))
    await store.append(new("child"))
    await store.append(more("child", 0, status="finished", wake="parent"))
    assert await _due(store, 10.0) == ["parent"]


async def test_a_driver_renews_all_its_leases_and_learns_how_far_its_runs_are(store: Store) -> None:
    for number in range(4):
        await store.append(new(f"run_{number}"))
        await claim(store, f"run_{number}", "two" if number == 3 else "one")
    await store.append(more("run_1", 1, STOP))
    await store.append(more("run_2", 1, status="waiting"))
    assert await store.renew("one", 99.0) == {"run_0": 1, "run_1": 2}
    assert [(await _row(store, f"run_{number}")).lease_until for number in range(4)] == [99.0, 99.0, None, 40.0]
    assert await store.renew("nobody", 99.0) == {}


async def test_whoever_lost_a_run_loses_at_the_journal_too(store: Store) -> None:
    await store.append(new("run_1"))
    seen = await claim(store, "run_1", "one", now=10.0)
    assert seen == 1
    assert await claim(store, "run_1", "two", now=100.0) == 2
    with pytest.raises(Conflict):
        await store.append(more("run_1", seen, STOP))


async def test_what_is_due_is_pending_or_its_time_has_come_or_its_lease_has_lapsed(store: Store) -> None:
    for run in ("pending", "put_off", "waits", "woken_later", "leased", "lapsed", "other", "ended"):
        due_at = 60.0 if run == "put_off" else None
        await store.append(new(run, agent="other" if run == "other" else "clerk", due_at=due_at))
    await store.append(more("waits", 0, status="waiting"))
    await store.append(more("woken_later", 0, status="waiting", due_at=60.0))
    await store.append(more("ended", 0, status="finished"))
    await claim(store, "leased", "driver", now=40.0)
    await claim(store, "lapsed", "driver", now=10.0)
    assert set(await _due(store, 50.0)) == {"pending", "lapsed"}
    assert set(await _due(store, 60.0)) == {"pending", "lapsed", "put_off", "woken_later"}
    assert await _due(store, 50.0, "other", "nobody") == ["other"]
    assert await store.due(50.0, [], 10) == []


async def test_what_is_due_comes_by_priority_and_then_by_age(store: Store) -> None:
    made = (("old", 1.0, 0), ("older", 0.5, 0), ("urgent", 3.0, 5), ("last", 0.1, -1))
    for run, at, priority in made:
        begun = NewRun(agent="clerk", priority=priority)
        await store.append(Append(run=run, expected=0, at=at, create=begun))
    assert await _due(store, 10.0) == ["urgent", "older", "old", "last"]
    assert [row.id for row in await store.due(10.0, ["clerk"], 2)] == ["urgent", "older"]


async def _row(store: Store, run: str = "run_1") -> RunRow:
    (row,) = await store.rows(Query(ids=[run]))
    return row


async def _due(store: Store, now: float, *agents: str) -> list[str]:
    return [row.id for row in await store.due(now, agents or ["clerk"], 100)]
