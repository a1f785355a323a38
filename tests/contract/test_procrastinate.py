"""What dispatch through PostgreSQL keeps true besides what every dispatch does: workers are many, and die."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from mainspring.core.errors import JournalError, JournalUnavailable
from mainspring.runs.dispatchers.procrastinate import open_procrastinate
from tests.contract.dispatching import PATIENCE_S, Drives, stopped, working
from tests.contract.storing import postgres_execute
from tests.services.postgres import PostgresServer, fresh_database

HEARTBEAT_S = 0.2
WORKER = """
import asyncio, sys
from mainspring.runs.dispatchers.procrastinate import open_procrastinate

async def drive(run):
    print(run, flush=True)
    await asyncio.Event().wait()

async def main():
    async with open_procrastinate(sys.argv[1], heartbeat_s=float(sys.argv[2])) as dispatch:
        await dispatch.work(drive, lambda: ["clerk"])

asyncio.run(main())
"""


@pytest.fixture
def own_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the address of a database on a server that may be stopped."""
    with fresh_database(postgres_server.url) as url:
        yield url


async def test_many_may_open_an_empty_database_at_once(postgres_url: str) -> None:
    async with AsyncExitStack() as stack:
        opening = (stack.enter_async_context(open_procrastinate(postgres_url)) for _ in range(6))
        dispatches = await asyncio.gather(*opening)
        await asyncio.gather(*(dispatch.submit("run_1", "clerk") for dispatch in dispatches))
    assert postgres_execute(postgres_url, "SELECT count(*) FROM {procrastinate_jobs}") == [(1,)]


async def test_each_worker_gets_the_runs_of_agents_that_it_knows(postgres_url: str) -> None:
    one, two, agents = Drives(), Drives(), ["clerk"]
    async with (
        open_procrastinate(postgres_url) as dispatch,
        open_procrastinate(postgres_url) as other,
        working(dispatch, one, lambda: agents),
        working(other, two, lambda: ["helper"]),
    ):
        for run, agent in (("later", "stranger"), ("for_one", "clerk"), ("for_two", "helper")):
            await dispatch.submit(run, agent)
        assert await two.begun() == ["for_two"]
        assert await one.begun() == ["for_one"]
        agents.append("stranger")
        dispatch.refresh()
        assert await one.begun() == ["later"]


async def test_a_run_is_driven_by_one_worker_at_a_time(postgres_url: str) -> None:
    drives = Drives(held=["run_1"])
    async with (
        open_procrastinate(postgres_url, poll_s=0.02) as dispatch,
        open_procrastinate(postgres_url, poll_s=0.02) as other,
        working(dispatch, drives),
        working(other, drives),
    ):
        await dispatch.submit("run_1", "clerk")
        await drives.begun()
        await other.submit("run_1", "clerk")
        await dispatch.submit("sentinel_1", "clerk")
        await other.submit("sentinel_2", "clerk")
        assert sorted(await drives.begun(2)) == ["sentinel_1", "sentinel_2"]
        drives.let_end("run_1")
        assert await drives.begun() == ["run_1"]
    assert not drives.overlapped


async def test_finished_jobs_are_not_kept(postgres_url: str) -> None:
    drives = Drives()
    async with open_procrastinate(postgres_url) as dispatch:
        await dispatch.submit("run_1", "clerk")
        async with working(dispatch, drives):
            await drives.begun()
    assert postgres_execute(postgres_url, "SELECT count(*) FROM {procrastinate_jobs}") == [(0,)]


@pytest.mark.parametrize("submitted_again", [False, True])
async def test_a_run_whose_worker_was_killed_is_delivered_to_another_one(
    postgres_url: str, *, submitted_again: bool
) -> None:
    drives = Drives()
    async with open_procrastinate(postgres_url, heartbeat_s=HEARTBEAT_S, poll_s=0.02) as dispatch:
        await dispatch.submit("run_1", "clerk")
        async with _worker(postgres_url) as worker:
            assert worker.stdout is not None
            assert await worker.stdout.readline() == b"run_1\n"
            if submitted_again:
                await dispatch.submit("run_1", "clerk")
            worker.send_signal(signal.SIGKILL)
            await worker.wait()
        async with working(dispatch, drives):
            assert await drives.begun() == ["run_1"]
            await dispatch.submit("run_1", "clerk")
            assert await drives.begun() == ["run_1"]
    assert not drives.overlapped


async def test_a_job_that_is_in_progress_nowhere_is_sent_again_though_its_worker_lives(postgres_url: str) -> None:
    drives = Drives()
    async with (
        open_procrastinate(postgres_url, heartbeat_s=HEARTBEAT_S, poll_s=0.02) as dispatch,
        working(dispatch, drives),
    ):
        await dispatch.submit("first", "clerk")
        await drives.begun()
        await dispatch.submit("forgotten", "stranger")
        postgres_execute(
            postgres_url,
            "UPDATE {procrastinate_jobs} SET status = 'doing', queue_name = 'mainspring-clerk', "
            "worker_id = (SELECT max(id) FROM {procrastinate_workers}) WHERE lock = 'forgotten'",
        )
        assert await drives.begun() == ["forgotten"]


async def test_a_worker_that_waits_for_its_last_runs_still_gives_signs_of_life(postgres_url: str) -> None:
    drives = Drives(held=["run_1"])
    async with open_procrastinate(postgres_url, heartbeat_s=0.05) as dispatch:
        await dispatch.submit("run_1", "clerk")
        async with working(dispatch, drives) as work:
            await drives.begun()
            work.cancel()
            for _ in range(3):
                await _next_heartbeat(postgres_url)
            drives.let_end("run_1")
            await stopped(work)
    assert postgres_execute(postgres_url, "SELECT count(*) FROM {procrastinate_workers}") == [(0,)]


async def test_a_worker_outlives_its_server(own_url: str, postgres_server: PostgresServer) -> None:
    drives = Drives(held=["long"])
    async with (
        open_procrastinate(own_url, heartbeat_s=HEARTBEAT_S, poll_s=0.02, timeout_s=1.0) as dispatch,
        working(dispatch, drives),
    ):
        await dispatch.submit("long", "clerk")
        await drives.begun()
        postgres_server.stop()
        try:
            with pytest.raises(JournalUnavailable, match="see that the server runs") as caught:
                await dispatch.submit("run_2", "clerk")
            assert "never-shown" not in str(caught.value)
        finally:
            postgres_server.start()
        await dispatch.submit("run_3", "clerk")
        assert await drives.begun() == ["run_3"]
        drives.let_end("long")
        await dispatch.submit("long", "clerk")
        assert await drives.begun() == ["long"]


async def test_a_server_that_is_not_there_is_told_of(postgres_url: str) -> None:
    with pytest.raises(JournalUnavailable, match="cannot be reached"):
        async with open_procrastinate("postgresql://ada:never-shown@127.0.0.1:1/runs", timeout_s=1.0):
            pass
    with pytest.raises(JournalError, match="createdb"):
        async with open_procrastinate(f"{postgres_url}_missing", timeout_s=1.0):
            pass


@asynccontextmanager
async def _worker(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    words = (sys.executable, "-c", WORKER, url, str(HEARTBEAT_S))
    worker = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()


async def _next_heartbeat(url: str) -> None:
    """Wait until the only worker has given another sign of life."""
    sql = "SELECT last_heartbeat FROM {procrastinate_workers}"
    seen = postgres_execute(url, sql)
    async with asyncio.timeout(PATIENCE_S):
        while postgres_execute(url, sql) == seen:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
