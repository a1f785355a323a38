"""A deadline that is put off as long as there is progress: it tells a slow stream from one that only drips."""

import asyncio
from types import TracebackType
from typing import Final, Self

from mainspring.core.errors import ModelUnavailable

_PARTS: Final = 8
"""A timer is moved when this part of its time is over, not at each piece: that would cost more than the piece."""


class Progress:
    """Ends the block when nothing was made for too long.

    Args:
        limit_s: Seconds without progress, kept to within an eighth.

    Raises:
        ModelUnavailable: On leaving the block, where the limit passed.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._loop = asyncio.get_running_loop()
        self._moved_s = self._loop.time()
        self._timeout = asyncio.timeout(limit_s)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError:
            raise ModelUnavailable(f"the server's stream brought nothing for {self._limit_s:g} s") from error

    def made(self) -> None:
        """Say that there was progress."""
        now_s = self._loop.time()
        if now_s - self._moved_s > self._limit_s / _PARTS:
            self._moved_s = now_s
            self._timeout.reschedule(now_s + self._limit_s)

    def stop(self) -> None:
        """Let the time stand still, until progress is made again."""
        self._timeout.reschedule(None)
        self._moved_s = -self._limit_s
