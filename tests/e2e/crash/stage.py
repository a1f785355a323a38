"""A store with several workers on it, and what a test does to them from outside."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from mainspring.core import Entry
from mainspring.core.events import Attempted
from mainspring.runs import RunRow, Runs
from tests.e2e.crash.human import answer_all
from tests.e2e.crash.ledger import Ledger, Line
from tests.e2e.crash.nursery import STOPPED, Nursery
from tests.e2e.crash.worker import FINISHED, READY

_LOOK_S = 0.01


class Stage:
    """Workers on a store.

    Args:
        runs: The store, looked at from outside.
        url: Where it is.
        home: A folder for the ledger and what workers are told by.
        nursery: Starts workers.
    """

    def __init__(self, runs: Runs, url: str, home: Path, nursery: Nursery) -> None:
        self.runs = runs
        self.ledger = Ledger(home / "ledger")
        self.nursery = nursery
        self._url = url
        self._home = home

    async def worker(
        self,
        start: dict[str, str] | None = None,
        strike: tuple[str, int, int] | None = None,
        **settings: float,
    ) -> int:
        """Hand runs in, given by whose they are, and start a worker; give its process id, once it is at work."""
        if start:
            assert self.nursery.wait(self.fork("hand_in", start=start)) == FINISHED
        pid = self.fork("serve", strikes=[strike] if strike else [], settings=settings)
        if strike is None:
            await self.until(lambda: self._is_ready(pid))
        return pid

    def fork(self, program: str, **arguments: object) -> int:
        """Start a program of `worker` on this store."""
        return self.nursery.fork(program, {"url": self._url, "home": str(self._home), **arguments})

    async def stopped(self, pid: int) -> None:
        """See to it that a worker has been stopped by its strike."""
        assert self.nursery.wait_or_stopped(pid) == STOPPED

    def go_on(self, pid: int) -> None:
        """Let a stopped worker go on."""
        os.kill(pid, signal.SIGCONT)

    def kill(self, pid: int) -> None:
        """Kill a worker, and wait until it is gone."""
        os.kill(pid, signal.SIGKILL)
        assert self.nursery.wait(pid) == -signal.SIGKILL

    def terminate(self, pid: int) -> None:
        """Ask a worker to stop."""
        os.kill(pid, signal.SIGTERM)

    def leave(self, *pids: int) -> None:
        """Ask workers to stop, and wait until they have."""
        for pid in pids:
            self.terminate(pid)
        assert [self.nursery.wait(pid) for pid in pids] == [FINISHED] * len(pids)

    def open_gate(self) -> None:
        """Let slow tools come to their end."""
        (self._home / "gate").touch()

    async def ended(self, *runs: str) -> list[RunRow]:
        """Wait until runs have ended, answering what is asked meanwhile."""

        async def have_ended() -> bool:
            await answer_all(self.runs, self.ledger)
            return all([(await self.runs.row(run)).has_ended for run in runs])

        await self.until(have_ended)
        return [await self.runs.row(run) for run in runs]

    async def until(self, condition: Callable[[], bool | Awaitable[bool]]) -> None:
        """Wait for something that other processes do; the test's own deadline ends a wait that is in vain."""
        while not (is_so if isinstance(is_so := condition(), bool) else await is_so):  # noqa: ASYNC110 - they give no notice
            await asyncio.sleep(_LOOK_S)

    async def journal(self, run: str) -> list[Entry]:
        """Give a run's events."""
        return await self.runs.store.entries(run)

    async def drivers(self, run: str) -> list[str]:
        """Give who took a run over, in order."""
        return [e.event.driver for e in await self.journal(run) if isinstance(e.event, Attempted)]

    def said(self, pid: int) -> list[str]:
        """Give what a worker has warned of."""
        return [line.text or line.key for line in self.ledger.lines("said") if line.pid == pid]

    def done_by(self, pid: int) -> Collection[Line]:
        """Give what a worker has done to the world."""
        return [line for line in self.ledger.lines("model", "call", "effect") if line.pid == pid]

    def _is_ready(self, pid: int) -> bool:
        return READY in self.said(pid)
