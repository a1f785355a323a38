"""Keeps the leases of one process's drives alive, and notices what others wrote to their runs.

A lease keeps nobody from writing; the journal's fence does. It keeps others from taking over a run that goes well,
and a driver that was stopped for too long from doing something before it knows whether the run is still its own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from mainspring.core import Clock
from mainspring.core.errors import JournalError, LostRun, MainspringError
from mainspring.runs.journal import Leases

_log = logging.getLogger("mainspring.runs")

_PART_OF_LEASE: Final = 1 / 3
"""How much of a lease passes between two renewals."""


@dataclass(slots=True)
class _Held:
    since_s: float
    """When this lease was last known to be ours, by the monotonic clock."""
    n_events: Callable[[], int]
    look: Callable[[], Awaitable[None]]


class Keeper:
    """Keeps leases.

    Args:
        leases: Where they are.
        driver: Who has them.
        clock: Tells the time.
        lease_s: Seconds that a lease lasts.
    """

    def __init__(self, leases: Leases, driver: str, clock: Clock, lease_s: float) -> None:
        self.driver = driver
        self.lease_s = lease_s
        self._leases = leases
        self._clock = clock
        self._held: dict[str, _Held] = {}

    def hold(self, run: str, n_events: Callable[[], int], look: Callable[[], Awaitable[None]]) -> None:
        """Keep a run's lease from now on.

        Args:
            run: Its id.
            n_events: Gives how many of its events its driver knows.
            look: Has the driver look at what others have written.
        """
        self._held[run] = _Held(self._clock.monotonic(), n_events, look)

    def let_go(self, run: str) -> None:
        """Keep a run's lease no longer."""
        self._held.pop(run, None)

    async def look(self, run: str) -> None:
        """Have the driver of a run, if it is one of this process, look at what others have written."""
        if (held := self._held.get(run)) is not None:
            await _look(run, held)

    async def check(self, run: str) -> None:
        """Make sure that a run is still this driver's.

        Raises:
            LostRun: It is not.
            JournalUnavailable: That cannot be found out.
        """
        age_s = self._clock.monotonic() - self._held[run].since_s
        if age_s > self.lease_s / 2 and run not in await self._renew():
            raise LostRun(f"run {run!r} was not kept in time, and is somebody else's now")

    async def work(self) -> None:
        """Renew until cancelled."""
        while True:
            await asyncio.sleep(self.lease_s * _PART_OF_LEASE)
            if not self._held:
                continue
            try:
                known = await self._renew()
            except JournalError as error:
                _log.warning("the leases could not be renewed: %s", error)
                continue
            for run, held in list(self._held.items()):
                if known.get(run) != held.n_events():
                    await _look(run, held)

    async def _renew(self) -> dict[str, int]:
        asked_s = self._clock.monotonic()
        known = await self._leases.renew(self.driver, self._clock.now() + self.lease_s)
        for run in known.keys() & self._held.keys():
            self._held[run].since_s = max(self._held[run].since_s, asked_s)
        return known


async def _look(run: str, held: _Held) -> None:
    try:
        await held.look()
    except LostRun:
        pass  # whoever drives it is told by its own writer
    except MainspringError as error:
        _log.warning("run %s could not be looked at: %s", run, error)
