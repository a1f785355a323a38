"""Five well-known policies in their plain form: retries at once at another server, and no second calls.

A server that asked for patience is left alone for as long as it said, where there is another one. Without that,
every policy would be measured by how often it runs into the same refusal.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from benchmarks.pool_contender import ATTEMPTS, Connect, Contender
from benchmarks.pool_servers import Refused, Server, Servers

_ALPHA: Final = 0.1
"""Weight of the newest call in a server's mean."""


@dataclass(slots=True, eq=False)
class Seen:
    """A server, and what a policy has seen of it."""

    server: Server
    outstanding: int = 0
    """Calls it was sent that are not done yet."""
    mean_s: float = 0.0
    """Exponentially weighted mean of its calls; 0 before the first one."""
    resting_until_s: float = 0.0

    @property
    def expected_s(self) -> float:
        """How long one more call is expected to take."""
        return self.mean_s * (self.outstanding + 1)

    def served(self, seconds: float) -> None:
        """Take in a call that was served."""
        self.mean_s += (seconds - self.mean_s) * (_ALPHA if self.mean_s else 1.0)


Pick = Callable[[Sequence[Seen]], Seen]
"""Picks among the servers that a call may go to; there is at least one."""


def at_random(random: Random) -> Pick:
    """Pick any."""
    return random.choice


def round_robin(_random: Random) -> Pick:
    """Pick one after the other."""
    turns = count()
    return lambda fit: fit[next(turns) % len(fit)]


def least_outstanding(random: Random) -> Pick:
    """Pick the one with the fewest calls, any of those where there are several."""
    return lambda fit: min(fit, key=lambda seen: (seen.outstanding, random.random()))


def p2c_outstanding(random: Random) -> Pick:
    """Draw two, and pick the one with fewer calls."""
    return lambda fit: min(random.sample(fit, min(2, len(fit))), key=lambda seen: seen.outstanding)


def p2c_ewma(random: Random) -> Pick:
    """Draw two, and pick the one that is expected to be done first."""
    return lambda fit: min(random.sample(fit, min(2, len(fit))), key=lambda seen: seen.expected_s)


def connecting(policy: Callable[[Random], Pick]) -> Connect:
    """Make a contender of a policy."""

    def connect(servers: Servers, random: Random) -> Contender:
        pick, known = policy(random), [Seen(server) for server in servers]
        return Contender(lambda: _served(pick, known), failures=(Refused,))

    return connect


BASELINES: Final[dict[str, Connect]] = {
    "random": connecting(at_random),
    "round_robin": connecting(round_robin),
    "least_outstanding": connecting(least_outstanding),
    "p2c_outstanding": connecting(p2c_outstanding),
    "p2c_ewma": connecting(p2c_ewma),
}


async def _served(pick: Pick, known: Sequence[Seen]) -> None:
    """Send a call to one server after the other until one has served it."""
    tried: list[Seen] = []
    while True:
        seen = pick(_fit(known, tried))
        tried.append(seen)
        try:
            await _sent(seen)
        except Refused:
            if len(tried) == ATTEMPTS:
                raise
        else:
            return


def _fit(known: Sequence[Seen], tried: Collection[Seen]) -> Sequence[Seen]:
    """Give the servers that may be asked: those not tried yet and not at rest, as far as there are any."""
    now_s = asyncio.get_running_loop().time()
    others = [seen for seen in known if seen not in tried] or known
    return [seen for seen in others if seen.resting_until_s <= now_s] or others


async def _sent(seen: Seen) -> None:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    seen.outstanding += 1
    try:
        await seen.server.serve()
    except Refused as error:
        seen.resting_until_s = max(seen.resting_until_s, loop.time() + (error.retry_after_s or 0.0))
        raise
    finally:
        seen.outstanding -= 1
    seen.served(loop.time() - began_s)
