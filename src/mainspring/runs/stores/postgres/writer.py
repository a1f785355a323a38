"""Group commit: what is handed in while a group is being written makes the next group, which is one transaction."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from mainspring.core.errors import JournalError
from mainspring.runs.journal import Append, Status
from mainspring.runs.stores.postgres import grouped
from mainspring.runs.stores.postgres.connections import Connections
from mainspring.runs.stores.postgres.errors import in_words, is_gone, is_race
from mainspring.runs.stores.postgres.group import Handed, Write
from mainspring.runs.stores.postgres.money import Holding, Settling

GROUP_SIZE: Final = 256
GROUP_BYTES: Final = 32 * 2**20
"""A group that is as large as this takes nothing more in."""
_N_LOOKS: Final = 3
"""How often a write is tried that finds somebody else doing the same at the same time."""


@dataclass(frozen=True, slots=True)
class _Asked:
    write: Write
    told: asyncio.Future[Any]

    def tell(self, what: Status | Exception | None) -> None:
        if self.told.done():
            return
        if isinstance(what, Exception):
            self.told.set_exception(what)
        else:
            self.told.set_result(what)


class Writer:
    """Writes what is handed in, in the order it comes, in a task of its own.

    Args:
        connections: Where to.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._asked: deque[_Asked] = deque()
        self._something = asyncio.Event()
        self._is_closed = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._work(), name="mainspring-postgres")

    async def append(self, batch: Append) -> Status:
        """Hand an append in, and give its run's status once it is durable."""
        status: Status = await self._hand_in(Handed.of(batch))
        return status

    async def hold(self, write: Holding | Settling) -> None:
        """Hand in what is asked of a hold, and come back once it is durable."""
        await self._hand_in(write)

    async def close(self) -> None:
        """Write what was handed in before, and end."""
        self._is_closed = True
        self._something.set()
        if self._task is not None:
            await self._task

    def _hand_in(self, write: Write) -> asyncio.Future[Any]:
        if self._is_closed:
            raise JournalError(f"{self._connections.where} is closed")
        asked = _Asked(write, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        self._something.set()
        return asked.told

    async def _work(self) -> None:
        while self._asked or not self._is_closed:
            await self._something.wait()
            if self._asked:
                await self._write(self._next_group())
                if (
                    self._task is not None and self._task.cancelling()
                ):  # psycopg says that the connection is lost, where both are true
                    raise asyncio.CancelledError
            elif not self._is_closed:
                self._something.clear()

    def _next_group(self) -> list[_Asked]:
        group: list[_Asked] = []
        size_bytes = 0
        while self._asked and len(group) < GROUP_SIZE and size_bytes < GROUP_BYTES:
            group.append(self._asked.popleft())
            size_bytes += group[-1].write.size_bytes
        return group

    async def _write(self, group: list[_Asked]) -> None:
        """Write a group together; if that cannot be, each by itself, so that one cannot spoil the others."""
        told: Sequence[Status | Exception | None]
        try:
            told = await self._together([asked.write for asked in group])
        except JournalError as error:
            told = [error] * len(group)
        except Exception as error:  # noqa: BLE001 - carried over to whoever asked
            if len(group) > 1 and not is_gone(error):
                for asked in group:
                    await self._write([asked])
                return
            where = self._connections.where
            told = [in_words(error, where) if isinstance(error, psycopg.Error) else error] * len(group)
        for asked, what in zip(group, told, strict=True):
            asked.tell(what)

    async def _together(self, writes: list[Write]) -> Sequence[Status | Exception | None]:
        n_looks = _N_LOOKS if len(writes) == 1 else 1
        while True:
            try:
                async with self._connections.connection() as db:
                    return await grouped.write(db, writes)
            except psycopg.Error as error:
                n_looks -= 1
                if not n_looks or not is_race(error):
                    raise
