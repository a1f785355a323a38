"""How a pool stands at a moment: what an operator wants to see of it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from mainspring.models.pool.member import Member
from mainspring.models.pool.pool import Pool

State = Literal["well", "returning", "resting", "ejected"]
"""`returning`: back from an ejection, and given more calls bit by bit. `resting`: it asked for patience."""


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """One member."""

    name: str
    state: State
    reason: str
    """Why it is not well."""
    for_s: float | None
    """For how many seconds more it rests, or is ejected at least."""
    tier: int
    weight: float
    in_flight: int
    concurrency: int | None
    latency_s: float | None
    """Mean seconds of a call; None before the first."""
    calls: int
    failures: int
    hedges: int
    won: int
    abandoned: int
    ejections: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """A pool."""

    name: str
    waiting: int
    """Calls in line."""
    hedge_after_s: float | None
    """After how many seconds a call is sent twice; None where it is not."""
    members: tuple[MemberStatus, ...]

    @property
    def is_well(self) -> bool:
        """Whether any member can be asked."""
        return any(member.state in {"well", "returning"} for member in self.members)


def status_of(pool: Pool[Any]) -> PoolStatus:
    """Look at a pool."""
    now = pool.now()
    members = tuple(_member(member, now, pool.settings.slow_start_s) for member in pool.members)
    return PoolStatus(pool.name, pool.n_waiting, pool.hedging.delay_s if pool.hedging else None, members)


def _member(member: Member[Any], now: float, slow_start_s: float) -> MemberStatus:
    health, counts = member.health, member.counts
    state: State = "well"
    until: float | None = None
    if health.ejected_until is not None:
        state, until = "ejected", health.ejected_until
    elif health.is_resting(now):
        state, until = "resting", health.resting_until
    elif health.returned_at is not None and now - health.returned_at < slow_start_s:
        state = "returning"
    return MemberStatus(
        name=member.name,
        state=state,
        reason="" if state == "well" else health.reason,
        for_s=None if until is None else max(0.0, until - now),
        tier=member.tier,
        weight=member.weight,
        in_flight=member.in_flight,
        concurrency=member.concurrency,
        latency_s=member.latency.seconds,
        calls=counts.calls,
        failures=counts.failures,
        hedges=counts.hedges,
        won=counts.won,
        abandoned=counts.abandoned,
        ejections=health.n_ejections,
        input_tokens=counts.input_tokens,
        cached_tokens=counts.cached_tokens,
        output_tokens=counts.output_tokens,
        cost_usd=counts.cost_usd,
    )
