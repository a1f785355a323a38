"""What the suites over dispatchers share: a drive that tells what it does, and a worker that ends with its test."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from mainspring.runs.dispatch import Dispatch, Drive

PATIENCE_S = 30.0


class Drives:
    """Drives runs by waiting for a test to let them end."""

    def __init__(self, *, held: Collection[str] = ()) -> None:
        self.ended: list[str] = []
        """Runs that were driven to their end."""
        self.n_most = 0
        """The most runs that were driven at once."""
        self.overlapped = False
        """Whether one run was ever driven twice at once."""
        self._begun: asyncio.Queue[str] = asyncio.Queue()
        self._now: list[str] = []
        self._gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._held = set(held)

    async def __call__(self, run: str) -> None:
        """Drive a run."""
        self.overlapped = self.overlapped or run in self._now
        self._now.append(run)
        self.n_most = max(self.n_most, len(self._now))
        self._begun.put_nowait(run)
        try:
            if run in self._held:
                await self._gates[run].wait()
        finally:
            self._now.remove(run)
        self.ended.append(run)

    def let_end(self, *runs: str) -> None:
        """Hold runs no longer."""
        for run in runs:
            self._held.discard(run)
            self._gates[run].set()

    async def begun(self, number: int = 1) -> list[str]:
        """Wait for as many more drives to begin, and name them."""
        async with asyncio.timeout(PATIENCE_S):
            return [await self._begun.get() for _ in range(number)]

    @property
    def has_begun_nothing_more(self) -> bool:
        """Whether no drive has begun that `begun` did not tell of."""
        return self._begun.empty()


@asynccontextmanager
async def working(
    dispatch: Dispatch, drive: Drive, agents: Callable[[], Collection[str]] = lambda: ["clerk"]
) -> AsyncIterator[asyncio.Task[None]]:
    """Have a dispatcher at work; stop it in the end."""
    work = asyncio.ensure_future(dispatch.work(drive, agents))
    try:
        yield work
    finally:
        work.cancel()
        await stopped(work)


async def stopped(work: asyncio.Task[None]) -> None:
    """Wait until a cancelled worker has ended."""
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.wait({work})
    if not work.cancelled() and (error := work.exception()) is not None:
        raise error
