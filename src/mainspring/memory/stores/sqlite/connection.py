"""One SQLite connection in a thread of its own, which does what it is given in the order it comes."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from mainspring.core.errors import MemoryStoreError
from mainspring.core.threads import in_daemon_thread

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

_HINTS: Final = {
    "SQLITE_FULL": "the disk is full; make room, and try again",
    "SQLITE_BUSY": "another process has locked it for too long; see who holds it",
    "SQLITE_LOCKED": "another process has locked it for too long; see who holds it",
    "SQLITE_READONLY": "it cannot be written to; check the rights of the file and of its folder",
    "SQLITE_CANTOPEN": "it cannot be opened; check that the folder is there and may be written to",
    "SQLITE_CORRUPT": "it is damaged; restore a copy, or save what can be read with `sqlite3 FILE .recover`",
    "SQLITE_NOTADB": "it is no SQLite database; give the store another name",
    "SQLITE_IOERR": "the disk does not answer",
}


class Connection:
    """Does jobs on one connection.

    Args:
        open: Opens it, in the thread.
        where: What to call the database in errors.
    """

    def __init__(self, open: Callable[[], sqlite3.Connection], where: str) -> None:  # noqa: A002 - what it does
        self._open = open
        self._where = where
        self._is_closed = False
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Job[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True, name="mainspring-memory")
        self._thread.start()

    async def do(self, job: Job[T]) -> T:
        """Do a job and give its result.

        Raises:
            MemoryStoreError: The database is locked, gone or damaged.
        """
        if self._is_closed:
            raise MemoryStoreError(f"{self._where} is closed")
        future: Future[T] = Future()
        self._jobs.put((future, job))
        return await asyncio.wrap_future(future)

    async def write(self, job: Job[T]) -> T:
        """Do a job in a transaction and give its result, once that is durable.

        Raises:
            MemoryStoreError: The database is locked, full, gone or damaged.
        """
        return await self.do(lambda db: _in_transaction(db, job))

    async def close(self) -> None:
        """Do what was asked before, and end."""
        if not self._is_closed:
            self._is_closed = True
            self._jobs.put(None)
            await in_daemon_thread(self._thread.join)

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while (asked := self._jobs.get()) is not None:
            future, job = asked
            if not future.set_running_or_notify_cancel():
                continue
            try:
                connection = connection or self._open()
                future.set_result(job(connection))
            except sqlite3.Error as error:
                future.set_exception(self._in_words(error))
            except Exception as error:  # noqa: BLE001 - carried over to whoever asked
                future.set_exception(error)
        if connection is not None:
            connection.close()

    def _in_words(self, error: sqlite3.Error) -> MemoryStoreError:
        name = getattr(error, "sqlite_errorname", "") or ""
        hint = next((hint for code, hint in _HINTS.items() if name.startswith(code)), "")
        return MemoryStoreError(f"{self._where}: {error}{f': {hint}' if hint else ''}")


def _in_transaction(db: sqlite3.Connection, job: Job[T]) -> T:
    db.execute("BEGIN IMMEDIATE")
    try:
        result = job(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return result
