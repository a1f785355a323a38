"""Four unlike servers in virtual time, for `pool_policy.py`.

A call waits for a free slot, works in it, and frees it when it is done or cancelled. A failure comes before that.
What a server does is drawn from its own chance, so that its nth call is the same under every policy.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

_JITTER: Final = 0.2
"""Standard deviation of the logarithm of how long calls take."""
_STRAGGLING_S: Final = 2.0
_FAILURE_S: Final = 0.002
_RETRY_AFTER_S: Final = 1.0


class Refused(Exception):
    """A server did not serve a call.

    Args:
        status: The HTTP status.
        retry_after_s: The patience it asks for, where it does.
    """

    def __init__(self, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Kind:
    """What a server is like."""

    name: str
    typical_s: float
    n_slots: int
    straggling: float = 0.0
    """The part of calls that take two seconds more."""
    failing: float = 0.0
    """The part of calls that fail: half of them with 429 and a second to wait, half with 500."""


KINDS: Final = (
    Kind("fast", 0.020, 2),
    Kind("slow", 0.200, 8),
    Kind("straggling", 0.040, 4, straggling=0.05),
    Kind("failing", 0.030, 2, failing=0.20),
)


class Server:
    """One of them.

    Args:
        kind: What it is like.
        random: Its chance.
    """

    def __init__(self, kind: Kind, random: Random) -> None:
        self.name = kind.name
        self.n_calls = 0
        """Calls it was sent, failed and cancelled ones included."""
        self._kind = kind
        self._random = random
        self._slots = asyncio.Semaphore(kind.n_slots)

    async def serve(self) -> None:
        """Serve a call.

        Raises:
            Refused: It failed.
        """
        self.n_calls += 1
        kind, random = self._kind, self._random
        fails, is_limited, straggles = (random.random() for _ in range(3))
        seconds = kind.typical_s * random.lognormvariate(0.0, _JITTER)
        if fails < kind.failing:
            await asyncio.sleep(_FAILURE_S)
            raise Refused(429, _RETRY_AFTER_S) if is_limited < 0.5 else Refused(500)
        async with self._slots:
            await asyncio.sleep(seconds + (_STRAGGLING_S if straggles < kind.straggling else 0.0))


Servers = Sequence[Server]


def servers(seed: int) -> Servers:
    """Make the four."""
    return [Server(kind, Random(f"{seed}/{kind.name}")) for kind in KINDS]
