"""How long calls take: one member's mean, and a quantile over the last calls of all members."""

from bisect import bisect_left, insort
from collections import deque
from math import exp, log
from typing import Final

_ALPHA: Final = 0.1
"""Weight of the newest call: the mean follows a change within about ten calls."""
_LEAST_S: Final = 1e-6
_HALF_LIFE_S: Final = 30.0
_WINDOW: Final = 256
_ENOUGH: Final = 20


class Mean:
    """Exponentially weighted geometric mean of a member's seconds per call.

    Geometric, because latencies are spread like that, and because one straggler of fifty times the usual time says
    little about the next call; stragglers are the business of hedging.

    A member that nobody asks cannot show that it is faster now, so what is believed of it halves every thirty
    seconds of silence, until it is asked again; and what it shows then counts the more, the longer it was silent.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None
        """None before the first call."""
        self._told_s: float | None = None

    def add(self, seconds: float, now: float) -> None:
        """Take a finished call in."""
        seconds = max(seconds, _LEAST_S)
        was_s = seconds if self.seconds is None else self.seconds
        kept = (1.0 - _ALPHA) * self.trust(now)
        self.seconds = exp(log(seconds) + kept * (log(was_s) - log(seconds)))
        self._told_s = now

    def add_at_least(self, seconds: float, now: float) -> None:
        """Take in a call that was given up: it would have taken longer than this."""
        if self.seconds is None or seconds > self.seconds:
            self.add(seconds, now)

    def heard(self, now: float) -> None:
        """Take in that it was asked, for nothing."""
        self._told_s = now

    def believed(self, now: float) -> float | None:
        """Give the mean as it is believed at a time."""
        return None if self.seconds is None else self.seconds * self.trust(now)

    def trust(self, now: float) -> float:
        """Give how much what was seen still counts."""
        silence_s = 0.0 if self._told_s is None else now - self._told_s
        return 1.0 if silence_s < 1.0 else 0.5 ** (silence_s / _HALF_LIFE_S)


class Window:
    """The last seconds that were told, sorted."""

    def __init__(self) -> None:
        self._told: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, seconds: float) -> None:
        """Take one in, and forget the oldest of many."""
        if len(self._told) == _WINDOW:
            del self._sorted[bisect_left(self._sorted, self._told.popleft())]
        self._told.append(seconds)
        insort(self._sorted, seconds)

    def quantile(self, part: float) -> float | None:
        """Give the seconds that this part of them does not exceed; None as long as too few were told."""
        n = len(self._sorted)
        return self._sorted[min(n - 1, int(part * n))] if n >= _ENOUGH else None
