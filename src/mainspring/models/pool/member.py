"""A member of a pool: something that can be asked, and what the pool has seen of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Final, Generic, TypeVar

from mainspring.core import Usage
from mainspring.models.pool.health import Health
from mainspring.models.pool.latency import Mean

E = TypeVar("E")

_LEAST_RAMP: Final = 0.1


@dataclass(slots=True)
class Counts:
    """What became of the calls to a member, since the pool was made."""

    calls: int = 0
    """Calls sent, those that came to nothing included."""
    failures: int = 0
    hedges: int = 0
    """Calls sent to it because another member was slow."""
    won: int = 0
    """Hedges that were answered first."""
    abandoned: int = 0
    """Calls given up because another member answered first, or because nobody waited any more."""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)
    """None once a price was not known."""

    def add(self, usage: Usage) -> None:
        """Take in what an answered call used."""
        self.input_tokens += usage.input_tokens
        self.cached_tokens += usage.cached_tokens
        self.output_tokens += usage.output_tokens
        known = self.cost_usd is not None and usage.cost_usd is not None
        self.cost_usd = self.cost_usd + usage.cost_usd if known else None  # type: ignore[operator]  # both known


@dataclass(slots=True, eq=False)
class Member(Generic[E]):
    """One of those that a call may go to.

    `name` tells it apart from the others; `endpoint` is what a call is sent through.
    """

    name: str
    endpoint: E
    tier: int = 1
    """Members of the lowest tier are asked first; the next ones when those fail or are full."""
    weight: float = 1.0
    """Its share of calls beside the others of its tier. Those with the most weight share by load; a lighter one, as
    a canary, gets just its share; one without weight gets none."""
    concurrency: int | None = None
    """Calls it may have at once; None for any number."""
    probe: Callable[[], Awaitable[object]] | None = None
    """Finds out whether it may be asked again; raises if not. Without one it is just tried."""
    made_of: str = ""
    """What its endpoint was made of: another one under the same name is another member."""
    is_up: Callable[[], bool] | None = None
    """Tells, without asking it, whether it runs at all; None for what runs elsewhere. One that does not is started
    by its probe, while others serve."""
    in_flight: int = field(default=0, init=False)
    latency: Mean = field(default_factory=Mean, init=False)
    counts: Counts = field(default_factory=Counts, init=False)
    health: Health = field(default_factory=lambda: Health(5, Random()), init=False)  # noqa: S311 - spreads returns
    credit: float = field(default=0.0, init=False)
    """How much of its share it has not had yet, where it is lighter than others."""

    @property
    def is_free(self) -> bool:
        """Whether it may have one more call."""
        return self.concurrency is None or self.in_flight < self.concurrency

    def score(self, now: float, unknown_s: float, slow_start_s: float) -> float:
        """Give the seconds that one more call is expected to take: the smaller, the better.

        Mean latency times calls in flight, this one included, as they queue at the server; more, the more often its
        calls fail, and the shorter it has been back.

        Args:
            now: The time.
            unknown_s: What is believed of a member that never answered.
            slow_start_s: Seconds over which one that came back is given its full share.
        """
        believed_s = self.latency.believed(now)
        if believed_s is None:
            believed_s = unknown_s * self.latency.trust(now)
        expected_s = believed_s * (self.in_flight + 1)
        return expected_s / max(self.health.success, 0.05) / self._ramp(now, slow_start_s)

    def _ramp(self, now: float, slow_start_s: float) -> float:
        returned_at = self.health.returned_at
        if returned_at is None or now - returned_at >= slow_start_s:
            return 1.0
        return max(_LEAST_RAMP, (now - returned_at) / slow_start_s)
