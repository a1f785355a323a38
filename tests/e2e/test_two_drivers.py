"""Two workers on one store: whatever becomes of one, a run is driven by one at a time and to its end."""

import time
from pathlib import Path
from signal import SIGSTOP

import pytest

from mainspring.core.events import DoubtFound, HumanAsked
from mainspring.runs import Runs
from tests.e2e.crash.nursery import Nursery
from tests.e2e.crash.stage import Stage
from tests.e2e.crash.worker import FINISHED, STOPPING

pytestmark = pytest.mark.timeout(300)

SHORT_S = 0.5
FIVE = [f"r{number}" for number in range(5)]


@pytest.fixture
def stage(onlooker: Runs, store_url: str, tmp_path: Path, nursery: Nursery) -> Stage:
    return Stage(onlooker, store_url, tmp_path, nursery)


@pytest.mark.parametrize("point", ["after claim", "before intent", "after intent", "effect", "reply"])
async def test_a_stopped_worker_whose_run_was_taken_over_does_and_writes_nothing_more(
    point: str, stage: Stage
) -> None:
    first = await stage.worker({"r": "porter"}, (point, 1, SIGSTOP), lease_s=SHORT_S)
    await stage.stopped(first)
    second = await stage.worker(lease_s=SHORT_S)
    await stage.ended("r")
    journal, done = await stage.journal("r"), stage.done_by(first)
    stage.go_on(first)
    await stage.until(lambda: any("'r'" in said for said in stage.said(first)))
    stage.leave(first, second)
    assert await stage.journal("r") == journal
    assert stage.done_by(first) == done
    assert sorted(stage.ledger.count("effect").values()) == [1, 1]
    assert len(await stage.drivers("r")) >= 2


async def test_a_worker_stopped_in_the_middle_of_five_runs_repeats_nothing_of_them(stage: Stage) -> None:
    first = await stage.worker(dict.fromkeys(FIVE, "porter"), ("after intent", 2, SIGSTOP), lease_s=SHORT_S)
    await stage.stopped(first)
    second = await stage.worker(lease_s=SHORT_S)
    rows = await stage.ended(*FIVE)
    done = stage.done_by(first)
    stage.go_on(first)
    await stage.until(lambda: len(stage.said(first)) > 1)
    stage.leave(first, second)
    assert [row.status for row in rows] == ["finished"] * 5
    assert stage.done_by(first) == done
    assert set(stage.ledger.count("effect").values()) == {1}
    assert stage.ledger.count("effect").total() == 10


async def test_a_worker_that_was_stopped_for_longer_than_its_lease_goes_on_where_it_was(stage: Stage) -> None:
    alone = await stage.worker(dict.fromkeys(FIVE, "porter"), ("effect", 2, SIGSTOP), lease_s=SHORT_S)
    await stage.stopped(alone)
    await stage.until(lambda: _has_lapsed(stage))
    stage.go_on(alone)
    rows = await stage.ended(*FIVE)
    stage.leave(alone)
    assert [row.status for row in rows] == ["finished"] * 5
    assert [len(await stage.drivers(run)) for run in FIVE] == [1] * 5
    assert set(stage.ledger.count("effect").values()) == {1}


async def test_runs_of_a_killed_worker_go_on_at_once_with_another_one_of_the_machine(stage: Stage) -> None:
    first = await stage.worker(dict.fromkeys(FIVE, "carrier"), lease_s=3600)
    await stage.until(lambda: len(stage.ledger.lines("call")) == 5)
    second = await stage.worker(lease_s=3600)
    stage.kill(first)
    stage.open_gate()
    rows = await stage.ended(*FIVE)
    stage.leave(second)
    assert [row.status for row in rows] == ["finished"] * 5
    assert set(stage.ledger.count("effect").values()) == {1}
    assert stage.ledger.count("effect").total() == 15
    assert stage.ledger.count("model").total() == 15


async def test_two_processes_that_start_one_run_at_once_drive_it_once(stage: Stage) -> None:
    for run in FIVE:
        pids = [stage.fork("live", run=run, agent="carrier") for _ in range(2)]
        stage.open_gate()
        assert [stage.nursery.wait(pid) for pid in pids] == [FINISHED, FINISHED]
        assert len(await stage.drivers(run)) == 1
    assert set(stage.ledger.count("effect").values()) == {1}
    assert stage.ledger.count("model").total() == 15


async def test_effects_in_progress_may_end_when_a_worker_is_asked_to_stop(stage: Stage) -> None:
    first = await stage.worker({"r": "waiter"}, grace_s=3600)
    await stage.until(lambda: len(stage.ledger.lines("call")) == 1)
    stage.terminate(first)
    await stage.until(lambda: STOPPING in stage.said(first))
    stage.open_gate()
    assert stage.nursery.wait(first) == FINISHED
    row = await stage.runs.row("r")
    assert (row.status, row.driver) == ("pending", None)
    second = await stage.worker()
    (ended,) = await stage.ended("r")
    stage.leave(second)
    assert ended.status == "finished"
    assert not [e for e in await stage.journal("r") if isinstance(e.event, DoubtFound | HumanAsked)]
    assert stage.ledger.count("effect").total() == 2


async def test_effects_that_do_not_end_within_the_grace_are_in_doubt(stage: Stage) -> None:
    first = await stage.worker({"r": "waiter"}, grace_s=0.05)
    await stage.until(lambda: len(stage.ledger.lines("call")) == 1)
    stage.leave(first)
    row = await stage.runs.row("r")
    assert (row.status, row.driver) == ("pending", None)
    stage.open_gate()
    second = await stage.worker()
    (ended,) = await stage.ended("r")
    stage.leave(second)
    assert ended.status == "finished"
    assert [e.event.kind for e in await stage.journal("r") if isinstance(e.event, HumanAsked)] == ["in_doubt"]
    assert sorted(stage.ledger.count("effect").values()) == [1, 1]


async def test_a_lease_is_kept_while_effects_come_to_their_end(stage: Stage) -> None:
    first = await stage.worker({"r": "waiter"}, grace_s=3600, lease_s=SHORT_S)
    await stage.until(lambda: len(stage.ledger.lines("call")) == 1)
    stage.terminate(first)
    second = await stage.worker(lease_s=SHORT_S)
    started = time.time()
    await stage.until(lambda: time.time() > started + 3 * SHORT_S)
    stage.open_gate()
    assert stage.nursery.wait(first) == FINISHED
    await stage.ended("r")
    stage.leave(second)
    assert len(await stage.drivers("r")) == 2
    assert stage.ledger.count("call").total() == 2
    assert sorted(stage.ledger.count("effect").values()) == [1, 1]


async def test_what_is_answered_while_other_calls_are_in_progress_is_heard(stage: Stage) -> None:
    worker = await stage.worker({"r": "mixed"})
    await stage.until(lambda: len(stage.ledger.lines("call")) == 1)
    await stage.until(lambda: _is_asked(stage))
    (asked,) = await stage.runs.inbox.pending()
    await stage.runs.inbox.approve(asked.id, by="ada")
    stage.open_gate()
    (ended,) = await stage.ended("r")
    stage.leave(worker)
    assert ended.status == "finished"
    assert set(stage.ledger.count("effect").values()) == {1}


async def test_a_run_is_cancelled_from_another_process_in_the_middle_of_an_effect(stage: Stage) -> None:
    worker = await stage.worker({"r": "waiter"}, lease_s=SHORT_S)
    await stage.until(lambda: len(stage.ledger.lines("call")) == 1)
    await stage.runs.cancel("r", by="ada")
    (ended,) = await stage.ended("r")
    stage.leave(worker)
    assert (ended.status, ended.driver) == ("cancelled", None)
    assert not stage.ledger.lines("effect")


async def _has_lapsed(stage: Stage) -> bool:
    rows = [await stage.runs.row(run) for run in FIVE]
    return all(row.lease_until is None or row.lease_until < time.time() for row in rows)


async def _is_asked(stage: Stage) -> bool:
    return bool(await stage.runs.inbox.pending())
