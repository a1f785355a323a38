"""The dispatcher on Procrastinate: a job carries a run's id, a queue belongs to an agent.

The run's id is the job's lock, so that it is driven once at a time, and its queueing lock, so that it is queued
once at most. A run that is submitted while it is driven is queued, and delivered when the present job has ended.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Final

import psycopg
from procrastinate import App, JobContext
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException

from mainspring.core.errors import JournalUnavailable
from mainspring.runs.dispatch import Drive
from mainspring.runs.dispatchers.procrastinate.connector import PatientConnector, make_tables
from mainspring.runs.dispatchers.procrastinate.tending import Tending
from mainspring.runs.stores.postgres.connections import with_deadlines, without_password
from mainspring.runs.stores.postgres.errors import in_words

_log = logging.getLogger("mainspring.runs")

CONCURRENCY: Final = 100
POLL_S: Final = 1.0
HEARTBEAT_S: Final = 10.0
TIMEOUT_S: Final = 10.0
N_CONNECTIONS: Final = 4
TASK: Final = "mainspring.drive"
_N_HEARTBEATS: Final = 3
"""A worker that has missed as many counts as gone."""
_RESTART_S: Final = 1.0
_LONGEST_QUEUE: Final = 40
"""In bytes; Procrastinate puts 23 more before it, and PostgreSQL takes 63 in all for a channel's name."""


class ProcrastinateDispatch:
    """Carries runs to workers through PostgreSQL; made by `open_procrastinate`.

    Args:
        connector: Procrastinate's way to the database.
        where: What to call the database in errors.
        concurrency: How many runs are driven here at once.
        poll_s: Seconds until a job is found that nobody gave notice of: a put-off one, one whose lock came free.
        heartbeat_s: Seconds between two signs of life; after three without any, a worker counts as gone.
        timeout_s: Seconds to wait for the database.
    """

    def __init__(
        self,
        connector: PatientConnector,
        where: str,
        *,
        concurrency: int,
        poll_s: float,
        heartbeat_s: float,
        timeout_s: float,
    ) -> None:
        self._connector = connector
        self._where = where
        self._concurrency = concurrency
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(concurrency)
        self._refreshed = asyncio.Event()
        self._drive: Drive | None = None
        self._app = App(connector=connector)
        self._task = self._app.task(name=TASK, pass_context=True)(self._deliver)
        self._tending = Tending(
            self._app.job_manager, TASK, heartbeat_s=heartbeat_s, stalled_s=_N_HEARTBEATS * heartbeat_s
        )

    async def submit(self, run: str, agent: str, *, at: float | None = None, priority: int = 0) -> None:
        """Queue a run; one that is queued already stays, or is brought forward."""
        when = None if at is None else datetime.fromtimestamp(at, UTC)
        with self._in_words():
            async with asyncio.timeout(self._timeout_s):
                while not await self._queue(run, agent, when, priority):
                    pass

    async def cancel(self, run: str) -> None:
        """Take a run out of the queue."""
        with self._in_words():
            async with asyncio.timeout(self._timeout_s):
                for job in await self._app.job_manager.list_jobs_async(queueing_lock=run, status="todo"):
                    if job.id is not None:
                        await self._app.job_manager.cancel_job_by_id_async(job.id, delete_job=True)

    def refresh(self) -> None:
        """Look at the agents anew."""
        self._refreshed.set()

    async def work(self, drive: Drive, agents: Callable[[], Collection[str]]) -> None:
        """Drive what is queued for the agents known here until cancelled; then wait for what is in progress."""
        self._drive = drive
        self._connector.is_patient = True
        workers: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            tending = group.create_task(self._tending.work(), name="mainspring-tending")
            try:
                await self._keep_working(group, workers, agents)
            finally:
                self._connector.is_patient = False
                _stop(workers)
                if workers:
                    await asyncio.wait(workers)
                tending.cancel()

    async def _queue(self, run: str, agent: str, when: datetime | None, priority: int) -> bool:
        """Queue a run, if it is not; say whether that came to an end."""
        job = self._task.configure(
            lock=run, queueing_lock=run, queue=queue_of(agent), schedule_at=when, priority=priority
        )
        try:
            await job.defer_async(run=run)
        except AlreadyEnqueued:
            return await self._is_queued(run, when)
        return True

    async def _is_queued(self, run: str, when: datetime | None) -> bool:
        """Tell whether a run is queued for that time or before; if it is for later, take it out of the queue."""
        manager = self._app.job_manager
        queued = next(iter(await manager.list_jobs_async(queueing_lock=run, status="todo")), None)
        if queued is None or queued.id is None:
            return False
        if queued.scheduled_at is None or (when is not None and queued.scheduled_at <= when):
            return True
        await manager.cancel_job_by_id_async(queued.id, delete_job=True)
        return False

    async def _keep_working(
        self,
        group: asyncio.TaskGroup,
        workers: set[asyncio.Task[None]],
        agents: Callable[[], Collection[str]],
    ) -> None:
        """Have a worker on the queues of the agents known here; another one where they change."""
        queues: list[str] = []
        while True:
            self._refreshed.clear()
            wanted = sorted(map(queue_of, agents()))
            if wanted != queues:
                queues = wanted
                _stop(workers)
                if queues:
                    worker = group.create_task(self._serve(queues), name="mainspring-worker")
                    workers.add(worker)
                    worker.add_done_callback(workers.discard)
            await self._refreshed.wait()

    async def _serve(self, queues: list[str]) -> None:
        while True:
            try:
                await self._app.run_worker_async(
                    queues=queues,
                    concurrency=self._concurrency,
                    fetch_job_polling_interval=self._poll_s,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    update_heartbeat_interval=self._heartbeat_s,
                    stalled_worker_timeout=_N_HEARTBEATS * self._heartbeat_s,
                )
            except ProcrastinateException as error:
                _log.warning("a worker ended (%s); another one begins", error.__cause__ or error)
            await asyncio.sleep(_RESTART_S)

    async def _deliver(self, context: JobContext, run: str) -> None:
        if self._drive is None:
            return
        with self._tending.progress(context.job):
            async with self._slots:
                try:
                    await self._drive(run)
                except Exception:  # noqa: BLE001 - the run's sweep sees to it; the worker goes on
                    _log.exception("run %s could not be driven on", run)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise JournalUnavailable(
                f"{self._where} did not answer within {self._timeout_s:g} s; see that the server runs"
            ) from error
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.Error):
                raise
            raise in_words(error.__cause__, self._where) from error


def _stop(workers: Collection[asyncio.Task[None]]) -> None:
    """Have workers take nothing more; each ends when what it has in progress has."""
    for worker in workers:
        if not worker.cancelling():  # a second time it would not wait
            worker.cancel()


def queue_of(agent: str) -> str:
    """Name an agent's queue."""
    name = f"mainspring-{agent}"
    if len(name.encode()) <= _LONGEST_QUEUE:
        return name
    return f"mainspring-{hashlib.sha256(agent.encode()).hexdigest()[:24]}"


@asynccontextmanager
async def open_procrastinate(
    address: str,
    *,
    concurrency: int = CONCURRENCY,
    poll_s: float = POLL_S,
    heartbeat_s: float = HEARTBEAT_S,
    timeout_s: float = TIMEOUT_S,
) -> AsyncIterator[ProcrastinateDispatch]:
    """Open the dispatcher on a PostgreSQL database, with Procrastinate's tables in its schema `mainspring`.

    Args:
        address: `postgresql://user@host:5432/database`, or `key=value` words as libpq reads them.
        concurrency: How many runs are driven here at once.
        poll_s: Seconds until a job is found that nobody gave notice of: a put-off one, one whose lock came free.
        heartbeat_s: Seconds between two signs of life; after three without any, a worker counts as gone.
        timeout_s: Seconds to wait for the database.

    Raises:
        ConfigError: The address is none.
        JournalError: The database cannot be reached, or refuses.
    """
    where = f"the dispatcher on {without_password(address)!r}"
    conninfo = with_deadlines(address, timeout_s)
    await make_tables(conninfo, where)
    connector = PatientConnector(conninfo, n_connections=N_CONNECTIONS, timeout_s=timeout_s)
    try:
        await _open(connector, where)
        yield ProcrastinateDispatch(
            connector, where, concurrency=concurrency, poll_s=poll_s, heartbeat_s=heartbeat_s, timeout_s=timeout_s
        )
    finally:
        await connector.close_async()


async def _open(connector: PatientConnector, where: str) -> None:
    try:
        await connector.open_async()
    except psycopg.Error as error:
        raise in_words(error, where) from error
