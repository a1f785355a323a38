"""How many calls a server bears at once, found out while it is asked.

Additive increase, multiplicative decrease (Chiu and Jain, 1989), as TCP does it: each round of good replies allows
one call more, a refusal halves what is allowed, and a server that answers ever more slowly the more it is asked is
asked a little less. Until the first sign of strain each good reply allows one more, so that a large server is
filled within a few rounds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeVar

from mainspring.core import Clock
from mainspring.core.errors import ModelError, ModelTimeout, ModelUnavailable
from mainspring.data.calls.gate import Gate

T = TypeVar("T")

_HALF: Final = 0.5
_GENTLY: Final = 0.85
_SLOW: Final = 2.0
"""How many times its best latency a server may take before it counts as strained."""
_SMOOTHING: Final = 0.1
_FORGETTING: Final = 1.0001
"""By how much the best latency grows with each reply: a server may have become slower for good."""
_BACKOFF_S: Final = 0.5
_LONGEST_WAIT_S: Final = 60.0
_ATTEMPTS: Final = 8


class Pace:
    """Lets so many calls through at once as the server bears.

    Args:
        clock: Tells how long calls take.
        most: Never more than this.
        start: How many at first.
        attempts: How often a call is tried while the server is not available; then nobody asks it any more.
    """

    def __init__(self, clock: Clock, *, most: int = 64, start: int = 4, attempts: int = _ATTEMPTS) -> None:
        self.limit = float(min(start, most))
        """How many calls may be under way."""
        self.n_refused = 0
        """How often the server asked for patience."""
        self._most = most
        self._clock = clock
        self._attempts = attempts
        self._calls = Gate(lambda: self.limit)
        self._work = Gate(lambda: self.limit)
        self._is_probing = True
        self._eased_at_s = float("-inf")
        self._latency_s = 0.0
        self._best_s = float("inf")
        self._broken: ModelError | None = None

    @property
    def n_under_way(self) -> int:
        """How many calls are under way."""
        return self._calls.n_inside

    async def call(self, attempt: Callable[[], Awaitable[T]], size: Callable[[T], float]) -> T:
        """Make a call when its turn has come, and again where the server asks for patience.

        Args:
            attempt: Makes the call.
            size: How much work a reply was, in any unit: latencies are compared by unit of work.

        Raises:
            ModelError: It cannot succeed, or the server was not available for long.
        """
        n_tries = 0
        while True:
            n_tries += 1
            try:
                return await self._once(attempt, size)
            except (ModelUnavailable, ModelTimeout) as error:
                if self._broken is not None or n_tries == self._attempts:
                    self._broken = error
                    raise
                wait_s = _wait_s(error, n_tries)
            await asyncio.sleep(wait_s)

    def work(self) -> AbstractAsyncContextManager[None]:
        """Take part in the work: no more do than calls may be under way.

        So calls about one passage follow each other, and a server that has read it finds it in its prefix cache.
        """
        return self._work.inside()

    async def _once(self, attempt: Callable[[], Awaitable[T]], size: Callable[[T], float]) -> T:
        async with self._calls.inside():
            if self._broken is not None:
                raise self._broken
            began_s = self._clock.monotonic()
            try:
                reply = await attempt()
            except (ModelUnavailable, ModelTimeout):
                self.n_refused += 1
                self._ease(began_s, _HALF)
                raise
            self._went_well(began_s, size(reply))
            return reply

    def _went_well(self, began_s: float, size: float) -> None:
        latency_s = (self._clock.monotonic() - began_s) / max(size, 1.0)
        self._latency_s += (latency_s - self._latency_s) * (_SMOOTHING if self._latency_s else 1.0)
        self._best_s = min(self._best_s * _FORGETTING, self._latency_s)
        if self._latency_s > _SLOW * self._best_s:
            self._ease(began_s, _GENTLY)
        elif self.n_under_way >= int(self.limit):  # what was not made use of says nothing about more
            self.limit = min(self._most, self.limit + (1.0 if self._is_probing else 1.0 / self.limit))
            self._work.admit()

    def _ease(self, began_s: float, factor: float) -> None:
        """Allow less; calls that were begun under the larger limit say nothing new."""
        self._is_probing = False
        if began_s > self._eased_at_s:
            self.limit = max(1.0, self.limit * factor)
            self._eased_at_s = self._clock.monotonic()


def _wait_s(error: ModelError, n_tries: int) -> float:
    asked_s = error.retry_after_s if isinstance(error, ModelUnavailable) else None
    return min(_LONGEST_WAIT_S, _BACKOFF_S * 2 ** (n_tries - 1) if asked_s is None else asked_s)
