"""Dispatch without an engine: tasks in this process.

What other processes submit is found by the sweep of the store.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from typing import Final

from mainspring.core.errors import MainspringError
from mainspring.runs.dispatch import Drive

_log = logging.getLogger("mainspring.runs")

CONCURRENCY: Final = 100


class EmbeddedDispatch:
    """Drives runs in this process.

    Args:
        concurrency: How many at once.
        now: Tells the time in seconds since the Unix epoch.
    """

    def __init__(self, *, concurrency: int = CONCURRENCY, now: Callable[[], float] = time.time) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._now = now
        self._queue: asyncio.PriorityQueue[tuple[int, int, str]] = asyncio.PriorityQueue()
        self._agents: dict[str, str] = {}
        """Runs that are queued, and whose they are."""
        self._driving: dict[str, tuple[str, int] | None] = {}
        """Runs that are driven, and whose they are and how urgent where they were submitted again meanwhile."""
        self._put_off: dict[str, asyncio.TimerHandle] = {}
        self._n_submitted = 0

    async def submit(self, run: str, agent: str, *, at: float | None = None, priority: int = 0) -> None:
        """Queue a run here; one that is queued already is not queued twice."""
        delay_s = 0.0 if at is None else at - self._now()
        if delay_s > 0:
            if run not in self._put_off:
                loop = asyncio.get_running_loop()
                self._put_off[run] = loop.call_later(delay_s, self._queue_now, run, agent, priority)
            return
        self._queue_now(run, agent, priority)

    async def work(self, drive: Drive, agents: Callable[[], Collection[str]]) -> None:
        """Drive what is queued until cancelled; then wait for those in progress."""
        async with asyncio.TaskGroup() as group:
            try:
                while True:
                    await self._slots.acquire()
                    try:
                        run = await self._next(agents)
                    except BaseException:
                        self._slots.release()
                        raise
                    group.create_task(self._drive(run, drive), name=f"mainspring-{run}")
            except asyncio.CancelledError:
                for timer in self._put_off.values():
                    timer.cancel()

    async def cancel(self, run: str) -> None:
        """Take a run out of the queue."""
        self._agents.pop(run, None)
        if (timer := self._put_off.pop(run, None)) is not None:
            timer.cancel()

    def refresh(self) -> None:
        """Nothing is to be done: the agents are asked for with every run."""

    def _queue_now(self, run: str, agent: str, priority: int) -> None:
        self._put_off.pop(run, None)
        if run in self._driving:
            self._driving[run] = (agent, priority)
        elif run not in self._agents:
            self._agents[run] = agent
            self._n_submitted += 1
            self._queue.put_nowait((-priority, self._n_submitted, run))

    async def _next(self, agents: Callable[[], Collection[str]]) -> str:
        """Wait for a run that is still wanted and whose agent is known here; the rest is left to others."""
        while True:
            _, _, run = await self._queue.get()
            agent = self._agents.pop(run, None)
            if agent is not None and agent in agents():
                self._driving[run] = None  # at once: it may be submitted again before its task has begun
                return run

    async def _drive(self, run: str, drive: Drive) -> None:
        try:
            await drive(run)
        except MainspringError as error:
            _log.warning("run %s could not be driven on: %s", run, error)
        except Exception:  # noqa: BLE001 - one run takes no other with it
            _log.exception("run %s could not be driven on", run)
        finally:
            self._slots.release()
            again = self._driving.pop(run)
            if again is not None:
                self._queue_now(run, *again)
