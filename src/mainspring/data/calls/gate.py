"""A gate that lets so many in at once; how many may change while others wait."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Gate:
    """Lets in whoever came first, while there is room.

    Args:
        room: How many may be inside, asked whenever it matters.
    """

    def __init__(self, room: Callable[[], float]) -> None:
        self.n_inside = 0
        self._room = room
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def inside(self) -> AsyncIterator[None]:
        """Be inside, once there is room."""
        if self.n_inside < int(self._room()):
            self.n_inside += 1
        else:
            await self._turn()
        try:
            yield
        finally:
            self.n_inside -= 1
            self.admit()

    def admit(self) -> None:
        """Let in those for whom there is room now."""
        while self._waiting and self.n_inside < int(self._room()):
            turn = self._waiting.popleft()
            if not turn.done():
                self.n_inside += 1
                turn.set_result(None)

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # let in and cancelled at once: somebody else may go
                self.n_inside -= 1
                self.admit()
            raise
