"""Moments in the life of a worker, counted over all its lives; at some of them a signal comes.

The counts are kept in a file, so that the worker that goes on does not die at the same moment again.
"""

import asyncio
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from mainspring.core.events import Attempted, ToolCalled
from mainspring.runs.journal import Append, Lease, Status, Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Strike:
    """A moment, and the signal that comes then."""

    point: str
    number: int
    """Which of them, from 1."""
    signal: int


class Points:
    """Counts moments, and strikes at some of them.

    Args:
        path: Where the counts are kept.
        strikes: When to strike.
        is_locked: Tells whether the store is locked. A process that is stopped then would lock it for as long.
    """

    def __init__(
        self, path: Path, strikes: Iterable[Strike] = (), is_locked: Callable[[], bool] = lambda: False
    ) -> None:
        self._signals = {(strike.point, strike.number): strike.signal for strike in strikes}
        self._is_locked = is_locked
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_RDWR)
        self.counts = counted(path)

    def passed(self, point: str) -> None:
        """Say that a moment has come."""
        with self._lock:
            self.counts[point] += 1
            os.write(self._file, f"{point}\n".encode())
            number = self._signals.get((point, self.counts[point]))
            while number == signal.SIGSTOP and self._is_locked():
                time.sleep(0.001)
            if number is not None:
                os.kill(os.getpid(), number)


def counted(path: Path) -> Counter[str]:
    """Read the counts."""
    return Counter(path.read_text().splitlines())


def is_locked(path: str) -> bool:
    """Tell whether somebody is writing to an SQLite file."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as db:
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        db.execute("ROLLBACK")
    return False


class _Watched:
    """A store whose writes are moments."""

    def __init__(self, store: Store, points: Points, on_change: Callable[[], None]) -> None:
        self._store = store
        self._points = points
        self._on_change = on_change

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def append(self, batch: Append) -> Status:
        is_intent = any(isinstance(event, ToolCalled) for _, event in batch.events)
        if is_intent:
            self._points.passed("before intent")
        status = await self._write("append", self._store.append(batch))
        if is_intent:
            self._points.passed("after intent")
        self._on_change()
        return status

    async def claim(self, run: str, attempted: Attempted, lease: Lease) -> int | None:
        return await self._write("claim", self._store.claim(run, attempted, lease))

    async def _write(self, name: str, writing: Coroutine[object, None, T]) -> T:
        self._points.passed(f"before {name}")
        under_way = asyncio.ensure_future(writing)
        await asyncio.sleep(0)
        self._points.passed(f"during {name}")
        result = await under_way
        self._points.passed(f"after {name}")
        return result


def watched(store: Store, points: Points, changed: asyncio.Event) -> Store:
    """Give a store whose appends and claims are moments.

    Args:
        store: Where everything is kept.
        points: Told of each moment.
        changed: Set after every append.
    """
    return cast("Store", _Watched(store, points, changed.set))
