"""What the tests of the pool share: members in virtual time, whose calls last and fail as a test says."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import wraps
from random import Random
from typing import Any, ParamSpec

from benchmarks.virtual_time import VirtualClock, run_virtually
from mainspring.core.errors import ModelError, ModelUnavailable
from mainspring.models.pool import Called, Member, Pool, PoolSettings, Try
from mainspring.models.pool.status import MemberStatus, status_of

P = ParamSpec("P")

BROKEN = ModelUnavailable("it is broken", status=500)
LIMITED = ModelUnavailable("slow down", status=429)

Step = float | ModelError
"""Seconds that a call lasts until it is answered, or the error that it ends with."""


@dataclass(eq=False)
class Player:
    """A server in virtual time."""

    name: str
    step: Step = 1.0
    """What calls come to, where the script has nothing for them."""
    script: Sequence[Step] = ()
    """What the first calls come to."""
    fails_after_s: float = 0.0
    """How long a call lasts that fails."""
    first_content_s: float | None = None
    """After how long a call has its first content, where it is streamed."""
    tier: int = 1
    weight: float = 1.0
    concurrency: int | None = None
    probe_error: ModelError | None = None
    """Why it may not be asked again."""
    calls: list[float] = field(default_factory=list, init=False)
    """When it was asked."""
    probes: list[float] = field(default_factory=list, init=False)
    """When it was probed."""
    n_at_once: int = field(default=0, init=False)
    most_at_once: int = field(default=0, init=False)
    n_cancelled: int = field(default=0, init=False)

    async def play(self, tried: Try["Player"]) -> str:
        """Answer a call with the name."""
        n_before = len(self.calls)
        step = self.script[n_before] if n_before < len(self.script) else self.step
        self.calls.append(now())
        self.n_at_once += 1
        self.most_at_once = max(self.most_at_once, self.n_at_once)
        try:
            if isinstance(step, ModelError):
                await asyncio.sleep(self.fails_after_s)
                raise step
            if self.first_content_s is not None:
                await asyncio.sleep(self.first_content_s)
                tried.commit()
            await asyncio.sleep(step)
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise
        finally:
            self.n_at_once -= 1
        return self.name

    async def probe(self) -> None:
        """Say whether it may be asked again."""
        self.probes.append(now())
        if self.probe_error is not None:
            raise self.probe_error


def virtually(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Let a test run in virtual time."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        run_virtually(test(*args, **kwargs))

    return run


def now() -> float:
    """Give the virtual time."""
    return asyncio.get_running_loop().time()


async def until(time_s: float) -> None:
    """Wait for a virtual time."""
    await asyncio.sleep(max(0.0, time_s - now()))


def pool_of(*players: Player, **settings: Any) -> Pool[Player]:
    """Make a pool of players."""
    members = [
        Member(
            player.name,
            player,
            tier=player.tier,
            weight=player.weight,
            concurrency=player.concurrency,
            probe=player.probe,
        )
        for player in players
    ]
    return Pool("fast", members, PoolSettings(**settings), clock=VirtualClock(), random=Random(1))  # noqa: S311 - repeatable


async def called(pool: Pool[Player], session: str = "", owner: str = "") -> Called[Player, str]:
    """Make a call."""

    async def attempt(tried: Try[Player]) -> str:
        return await tried.member.endpoint.play(tried)

    return await pool.call(attempt, session=session, owner=owner)


async def asked(pool: Pool[Player], session: str = "", owner: str = "") -> str:
    """Make a call, and give the name of who answered."""
    return (await called(pool, session, owner)).value


async def in_turn(pool: Pool[Player], n_calls: int) -> list[str]:
    """Make calls one after the other, and give the names of those who answered."""
    return [await asked(pool) for _ in range(n_calls)]


async def at_once(pool: Pool[Player], n_calls: int) -> list[str]:
    """Make calls that come together, and give the names of those who answered."""
    return list(await asyncio.gather(*(asked(pool) for _ in range(n_calls))))


def shown(pool: Pool[Any]) -> dict[str, MemberStatus]:
    """Give how the members stand, by name."""
    return {member.name: member for member in status_of(pool).members}


def is_idle(pool: Pool[Any]) -> bool:
    """Tell whether nothing is under way, and nobody waits."""
    return pool.n_waiting == 0 and all(member.in_flight == 0 for member in pool.members)
