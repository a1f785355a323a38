"""Files read in processes of their own: what a file does to its process is the matter of that file only.

A few processes are started when there is something to read, and read one file after the other. One that dies is
replaced; whether a file can be read does not depend on what was read before it, so a file that ends a used process
is read once more in a fresh one.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from mainspring.data.reading.limits import Limits
from mainspring.data.reading.outcome import Outcome
from mainspring.data.reading.worker import Worker

_FILES_PER_WORKER: Final = 500
"""Then it is replaced, because the memory of a process that reads for long is in pieces."""


class Isolated:
    """Reads files in at most so many processes; leaving it ends them all.

    Args:
        limits: What one file may cost.
        n_workers: How many files are read at once.
        own_readers: Readers of the caller's own, as `module:callable`, asked before ours.
    """

    def __init__(self, limits: Limits, *, n_workers: int, own_readers: tuple[str, ...] = ()) -> None:
        self._limits = limits
        self._own_readers = own_readers
        self._threads = ThreadPoolExecutor(n_workers, thread_name_prefix="reading")
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def submit(self, path: Path, name: str) -> "Future[Outcome]":
        """Have a file read as soon as a process is free; it fails with `ConfigError` where a library is missing."""
        return self._threads.submit(self._read, path, name)

    def close(self) -> None:
        """End all processes, what they read included, and wait until they are gone."""
        with self._lock:
            self._is_closed = True
            for worker in self._busy:
                worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._idle:
            worker.end()
        self._idle.clear()

    def _read(self, path: Path, name: str) -> Outcome:
        worker = self._taken()
        is_fresh = worker.n_read == 0
        outcome = self._read_by(worker, path, name)
        if outcome.reason in {"crashed", "memory"} and not is_fresh and not self._is_closed:
            outcome = self._read_by(self._started(), path, name)
        return outcome

    def _read_by(self, worker: Worker, path: Path, name: str) -> Outcome:
        outcome: Outcome | None = None
        try:
            if not worker.n_read:
                worker.begin()
            outcome = worker.read(path, name)
            return outcome
        finally:
            is_spent = outcome is None or outcome.reason == "memory" or worker.n_read >= _FILES_PER_WORKER
            self._give_back(worker, is_spent=is_spent)

    def _taken(self) -> Worker:
        with self._lock:
            if self._idle and not self._is_closed:
                worker = self._idle.pop()
                self._busy.add(worker)
                return worker
        return self._started()

    def _started(self) -> Worker:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("files were to be read after the end")
            worker = Worker(self._limits, self._own_readers)
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: Worker, *, is_spent: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            if not is_spent and not self._is_closed and worker.is_alive:
                self._idle.append(worker)
                return
        worker.end()
