"""A thread with a connection of its own, which does what it is given in groups: one transaction for all of a group.

That is group commit: what many runs write at the same time costs one flush to the disk.
"""

import asyncio
import queue
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, TypeVar

from mainspring.core.errors import JournalError, JournalUnavailable
from mainspring.core.threads import in_daemon_thread

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]
"""Works on the connection. One that raises anything but an `sqlite3.Error` has left nothing half done."""

GROUP_SIZE: Final = 256
_HINTS: Final = {
    "SQLITE_FULL": "the disk is full; make room, and what was begun goes on",
    "SQLITE_BUSY": "another process has locked it for too long; see who holds it",
    "SQLITE_LOCKED": "another process has locked it for too long; see who holds it",
    "SQLITE_READONLY": "it cannot be written to; check the rights of the file and of its folder",
    "SQLITE_CANTOPEN": "it cannot be opened; check that the folder is there and may be written to",
    "SQLITE_CORRUPT": "it is damaged; restore a copy, or save what can be read with `sqlite3 FILE .recover`",
    "SQLITE_NOTADB": "it is no SQLite database; give the store another name",
    "SQLITE_IOERR": "the disk does not answer",
}
_MAY_PASS: Final = frozenset({"SQLITE_FULL", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR"})


class Worker:
    """Does jobs on one connection, in the order they come.

    Args:
        connect: Opens the connection, in the worker's own thread.
        where: What to call the database in errors.
        writes: Whether each group is a transaction.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], where: str, *, writes: bool) -> None:
        self._connect = connect
        self._where = where
        self._writes = writes
        self._waiting: defaultdict[asyncio.AbstractEventLoop, list[_Asked]] = defaultdict(list)
        """Jobs that are asked for in the present turn of a loop."""
        self._jobs: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True, name="mainspring-sqlite")
        self._thread.start()
        self._is_closed = False

    async def do(self, job: Job[T]) -> T:
        """Do a job and give its result, once that is durable.

        Raises:
            JournalUnavailable: The database is locked, full or gone.
            JournalError: It is damaged or cannot be written.
        """
        if self._is_closed:
            raise JournalError(f"{self._where} is closed")
        loop = asyncio.get_running_loop()
        asked = _Asked(job, loop)
        waiting = self._waiting[loop]
        waiting.append(asked)
        if len(waiting) == 1:
            loop.call_soon(self._hand_over, loop)
        result: T = await asked.future
        return result

    async def close(self) -> None:
        """Do what was asked before, and end."""
        if not self._is_closed:
            self._is_closed = True
            self._hand_over(asyncio.get_running_loop())
            self._jobs.put(None)
            await in_daemon_thread(self._thread.join)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand what one turn of the loop has asked for to the thread, all at once, so that it becomes one group."""
        for asked in self._waiting.pop(loop, ()):
            self._jobs.put(asked)

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            try:
                connection = connection or self._connect()
                self._do_all(connection, group)
            except sqlite3.Error as error:
                for asked in group:
                    asked.error = self._in_words(error)
            except JournalError as error:
                for asked in group:
                    asked.error = error
            _tell(group)
        if connection is not None:
            connection.close()

    def _next_group(self) -> tuple[list["_Asked"], bool]:
        """Wait for a job, and take what else is there by then."""
        group: list[_Asked] = []
        asked = self._jobs.get()
        while asked is not None:
            group.append(asked)
            if len(group) == GROUP_SIZE or self._jobs.empty():
                return group, True
            asked = self._jobs.get()
        return group, False

    def _do_all(self, connection: sqlite3.Connection, group: list["_Asked"]) -> None:
        """Do a group together; if the database refuses, each by itself, so that one cannot spoil the others."""
        try:
            self._do_together(connection, group)
        except sqlite3.Error as error:
            if len(group) == 1:
                group[0].error = self._in_words(error)
                return
            for asked in group:
                self._do_all(connection, [asked])

    def _do_together(self, connection: sqlite3.Connection, group: list["_Asked"]) -> None:
        if not self._writes:
            for asked in group:
                asked.run(connection)
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            for asked in group:
                asked.run(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _in_words(self, error: sqlite3.Error) -> JournalError:
        name = getattr(error, "sqlite_errorname", "") or ""
        code = next((code for code in _HINTS if name.startswith(code)), "")
        hint = f": {_HINTS[code]}" if code else ""
        kind = JournalUnavailable if code in _MAY_PASS else JournalError
        return kind(f"{self._where}: {error}{hint}")


class _Asked:
    """A job and whoever waits for it."""

    def __init__(self, job: Job[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.error: Exception | None = None
        self._job = job
        self._result: Any = None

    def run(self, connection: sqlite3.Connection) -> None:
        """Do the job."""
        self.error = None
        try:
            self._result = self._job(connection)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - carried over to whoever asked
            self.error = error

    def tell(self) -> None:
        """Hand over what came of it; runs in the loop that asked."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self._result)


def _tell(group: list[_Asked]) -> None:
    """Hand results over, with one wake-up for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Asked]] = defaultdict(list)
    for asked in group:
        by_loop[asked.loop].append(asked)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell_all, told)
        except RuntimeError:
            continue  # the loop is closed: nobody waits any more


def _tell_all(group: list[_Asked]) -> None:
    for asked in group:
        asked.tell()
