"""How often a provider may be asked: token buckets on our side, and what its own refusals say about patience.

What it keeps true: within any window of a limit, no more requests go out than `_SHARE` of it. A bucket lets through
what it holds and what flows in meanwhile; each of the two is therefore half of the share.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from apps.storefront.weather.errors import LimitReached
from mainspring.core import Clock

_SHARE: Final = 0.9
_HOUR_S: Final = 3600.0
_DAY_S: Final = 86400.0
_SWEEP_S: Final = 60.0
"""Open-Meteo empties its counters once a minute, so a window that has ended may count a minute longer."""
_QUEUE_S: Final = 5.0
"""How long a few requests that came at once take to be answered."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of requests within a time."""

    n_requests: int
    window_s: float


class Bucket:
    """A token bucket, full at first.

    Args:
        limit: What may never be exceeded.
        clock: Tells how much has flowed in.
    """

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._clock = clock
        self._most = limit.n_requests * _SHARE / 2
        self._per_s = self._most / limit.window_s
        self._held = self._most
        self._filled_at_s = clock.monotonic()

    def wait_s(self) -> float:
        """Give the seconds until a request may be made; zero if it may be made at once."""
        now_s = self._clock.monotonic()
        self._held = min(self._most, self._held + (now_s - self._filled_at_s) * self._per_s)
        self._filled_at_s = now_s
        return max(0.0, (1 - self._held) / self._per_s)

    def take(self) -> None:
        """Count a request."""
        self._held -= 1


class Allowance:
    """All limits of one provider, and the patience that it asked for.

    Args:
        limits: Each is kept to.
        clock: Tells when requests are welcome again.
    """

    def __init__(self, limits: Sequence[Limit], clock: Clock) -> None:
        self._clock = clock
        self._buckets = [Bucket(limit, clock) for limit in limits]
        self._quiet_until_s = -math.inf

    def take(self) -> None:
        """Count a request that is about to be made.

        Raises:
            LimitReached: It must not be made yet.
        """
        asked_s = self._quiet_until_s - self._clock.monotonic()
        wait_s = max([asked_s, *(bucket.wait_s() for bucket in self._buckets)])
        if wait_s > 0:
            raise LimitReached(f"no request may be made for {math.ceil(wait_s)} s", wait_s)
        for bucket in self._buckets:
            bucket.take()

    def rest(self, seconds: float) -> None:
        """Make no request for that long."""
        self._quiet_until_s = max(self._quiet_until_s, self._clock.monotonic() + seconds)


def patience_s(retry_after: str | None, reason: str, now_s: float) -> float:
    """Give the seconds to wait after a refusal, at most a day and a minute.

    Args:
        retry_after: The header, where there is one; seconds are understood.
        reason: The provider's words. Open-Meteo sends no header, but names the window that is used up; windows end
            with the minute, the hour and the day of UTC.
        now_s: Seconds since the Unix epoch.
    """
    try:
        asked_s = float(retry_after or "")
    except ValueError:
        asked_s = math.nan
    if asked_s >= 0:
        return min(asked_s, _DAY_S + _SWEEP_S)
    words = reason.lower()
    for word, window_s in (("daily", _DAY_S), ("hourly", _HOUR_S)):
        if word in words:
            return window_s - now_s % window_s + _SWEEP_S
    return _QUEUE_S if "concurrent" in words else _SWEEP_S
