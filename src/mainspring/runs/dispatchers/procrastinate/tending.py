"""Sees to it that no job is left behind: one whose worker is gone would hold its run's lock for ever."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

_log = logging.getLogger("mainspring.runs")


class Tending:
    """Keeps heartbeats going while jobs are in progress here, and sends jobs again that are in progress nowhere.

    Procrastinate's own heartbeat ends when its worker is asked to stop, and the jobs in progress still go on then.

    Args:
        manager: Procrastinate's way to its jobs.
        task: Name of the task that the jobs are of.
        heartbeat_s: Seconds between two looks.
        stalled_s: Seconds without a heartbeat after which a worker counts as gone.
    """

    def __init__(self, manager: JobManager, task: str, *, heartbeat_s: float, stalled_s: float) -> None:
        self._manager = manager
        self._task = task
        self._heartbeat_s = heartbeat_s
        self._stalled_s = stalled_s
        self._in_progress: Counter[tuple[int, int]] = Counter()
        """Jobs and the workers they are of. One that was sent again may be in progress here twice."""
        self._workers: set[int] = set()
        """All workers there have been here."""
        self._suspected: set[int] = set()
        """Jobs that looked left behind the last time."""

    @contextmanager
    def progress(self, job: Job) -> Iterator[None]:
        """Let it be known that a job is in progress here."""
        if job.id is None or job.worker_id is None:
            yield
            return
        place = job.id, job.worker_id
        self._in_progress[place] += 1
        self._workers.add(job.worker_id)
        try:
            yield
        finally:
            self._in_progress[place] -= 1
            self._in_progress += Counter()  # forgets what is not in progress any more

    async def work(self) -> None:
        """Look after the jobs until cancelled."""
        while True:
            await asyncio.sleep(self._heartbeat_s)
            try:
                await self._look()
            except ConnectorException as error:
                _log.warning("jobs could not be looked after: %s", error.__cause__ or error)

    async def _look(self) -> None:
        for worker in {worker for _, worker in self._in_progress}:
            await self._manager.update_heartbeat(worker)
        for job in await self._manager.get_stalled_jobs(
            task_name=self._task, seconds_since_heartbeat=self._stalled_s
        ):
            if not self._is_in_progress(job):
                await self._send_again(job)
        for job in await self._left_behind():
            await self._send_again(job)

    def _is_in_progress(self, job: Job) -> bool:
        return any(job.id == known for known, _ in self._in_progress)

    async def _left_behind(self) -> list[Job]:
        """Find jobs that this process has taken and that were not in progress at two looks in a row."""
        found = [
            job
            for worker in self._workers
            for job in await self._manager.list_jobs_async(task=self._task, status="doing", worker_id=worker)
            if job.id is not None and not self._is_in_progress(job)
        ]
        left = [job for job in found if job.id in self._suspected]
        self._suspected = {job.id for job in found if job.id is not None} - {job.id for job in left}
        return left

    async def _send_again(self, job: Job) -> None:
        if job.id is None:
            return
        _log.warning("run %s is sent to a worker again; the one that had it is gone", job.lock)
        try:
            await self._manager.retry_job(job)
        except UniqueViolation:  # it is queued again already
            await self._manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)
        except ConnectorException as error:
            _log.debug("job %s was seen to by somebody else: %s", job.id, error.__cause__)
