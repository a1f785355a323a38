"""When to send a call a second time, and how often: a live quantile, and a bucket of extra calls.

A second call after the p95 of latency costs little and takes most of the tail away (Dean and Barroso, "The Tail at
Scale", CACM 56(2), 2013). The bucket bounds what it costs where everything is slow at once.
"""

from typing import Final

from mainspring.models.pool.latency import Window

_SHARE: Final = 0.95
"""The part of what the quantile allows that second calls take; failures that come in a bunch have the rest."""
_MOST: Final = 10.0
"""Extra calls that may be saved up for a bad moment."""


class Hedging:
    """Decides about second calls.

    Args:
        quantile: As `p90`.
    """

    def __init__(self, quantile: str) -> None:
        self._part = int(quantile[1:]) / 100
        self._share = _SHARE * (1.0 - self._part)
        self._tokens = 1.0
        self._window = Window()

    @property
    def delay_s(self) -> float | None:
        """Seconds after which a call is slow; None as long as too little is known."""
        return self._window.quantile(self._part)

    def sent(self, *, again: bool) -> None:
        """Take in a call: a first one earns a part of an extra one; one sent again after a failure is one."""
        self._tokens = max(-_MOST, self._tokens - 1.0) if again else min(_MOST, self._tokens + self._share)

    def answered(self, seconds: float) -> None:
        """Take in how long a call took to its first content, or to its end where it was not streamed."""
        self._window.add(seconds)

    def take(self) -> bool:
        """Take an extra call out of the bucket, and tell whether there was one."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
