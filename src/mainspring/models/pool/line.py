"""The line of calls that wait for a free member: bounded, and fair between those who send them.

Each owner has a line of their own, and the lines take turns, so that one who sends a thousand calls keeps nobody
else waiting for all of them. Whoever is at the front of a line is handed a member; newcomers do not push in.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mainspring.models.pool.member import Member

E = TypeVar("E")


@dataclass(slots=True, eq=False)
class Waiter(Generic[E]):
    """A call in line."""

    owner: str
    session: str
    tried: Collection[Member[E]]
    member: Member[E] | None = None
    """What it was handed."""
    _woken: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def hand(self, member: Member[E]) -> None:
        """Give it its member, from whichever thread."""
        self.member = member
        loop = self._woken.get_loop()
        if loop is asyncio._get_running_loop():  # noqa: SLF001 - gives None where none runs, and raises nothing
            self._woken.set_result(None)
        else:
            loop.call_soon_threadsafe(self._woken.set_result, None)

    async def wait(self, timeout_s: float) -> Member[E] | None:
        """Wait for a member, for so long."""
        await asyncio.wait([self._woken], timeout=timeout_s)
        return self.member


class Line(Generic[E]):
    """All that wait."""

    def __init__(self) -> None:
        self._owners: OrderedDict[str, deque[Waiter[E]]] = OrderedDict()
        self._n_waiting = 0

    def __len__(self) -> int:
        return self._n_waiting

    def join(self, waiter: Waiter[E]) -> None:
        """Stand at the end of one's owner's line."""
        self._owners.setdefault(waiter.owner, deque()).append(waiter)
        self._n_waiting += 1

    def leave(self, waiter: Waiter[E]) -> None:
        """Stop waiting; one that was handed a member has left already."""
        waiting = self._owners.get(waiter.owner)
        if waiting is not None and waiter in waiting:
            waiting.remove(waiter)
            self._n_waiting -= 1
            if not waiting:
                del self._owners[waiter.owner]

    def serve(self, pick: Callable[[Waiter[E]], Member[E] | None]) -> None:
        """Hand members to those in front, owner by owner, as long as there are any for them.

        Args:
            pick: Gives a member that is counted as taken; None where there is none for this call.
        """
        while (served := self._first_served(pick)) is not None:
            waiter, member = served
            self._owners.move_to_end(waiter.owner)
            self.leave(waiter)
            waiter.hand(member)

    def _first_served(self, pick: Callable[[Waiter[E]], Member[E] | None]) -> tuple[Waiter[E], Member[E]] | None:
        """Find the first call that there is a member for: one that was tried elsewhere keeps nobody waiting.

        Where there is none for a call that was not sent to anybody yet, there is none for the others either.
        """
        for waiting in self._owners.values():
            for waiter in waiting:
                member = pick(waiter)
                if member is not None:
                    return waiter, member
                if not waiter.tried:
                    return None
        return None
