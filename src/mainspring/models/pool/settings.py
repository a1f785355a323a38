"""How a pool picks, waits, hedges and gives up."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Quantile = Annotated[str, StringConstraints(pattern=r"^p[1-9][0-9]$")]
"""`p90`: nine of ten calls are faster."""

FULL_SCAN: Final = 16
"""Up to so many members all are compared; of more, two are drawn. With few and unlike members, two draws keep
finding slow ones; with many, the best one would be everybody's choice."""


class PoolSettings(BaseModel):
    """How a pool works; every field has a default that serves most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hedge: Quantile | None = None
    """When a call is slower than this quantile of the last ones, it is sent to a second member, too, and the faster
    one counts. No more calls are sent twice than the quantile says: of `p90` one in ten."""
    affinity: bool = True
    """Whether calls of one session go to one member, for its prefix cache, as long as it is not far busier."""
    concurrency: int | None = Field(default=None, ge=1)
    """Calls that a member may have at once, where the member does not say otherwise; left out: any number."""
    queue: int = Field(default=1000, ge=0)
    """Calls that may wait for a free member."""
    attempts: int = Field(default=6, ge=1)
    """How often one call is sent at most, to whichever member."""
    attempt_s: float | None = Field(default=None, gt=0)
    """Seconds that one member gets for a reply, or for a stream's first content; left out: half the deadline."""
    deadline_s: float = Field(default=120.0, gt=0)
    """Seconds that a call may take with all its attempts, until it is answered or its stream has begun."""
    stream_s: float | None = Field(default=None, gt=0)
    """Seconds that a stream may take from its first content; left out: ten times the deadline."""
    eject_after: int = Field(default=5, ge=1)
    """Failures in a row after which a member is left out; one that nobody listens at is left out at once."""
    panic: float = Field(default=0.5, ge=0, le=1)
    """When more than this part of all members is left out, that is taken for our own trouble, and all are tried."""
    slow_start_s: float = Field(default=10.0, ge=0)
    """Seconds over which a member that comes back is given its full share."""

    @property
    def longest_stream_s(self) -> float:
        """Seconds that a stream may take from its first content."""
        return self.stream_s or 10 * self.deadline_s
