"""Time and chance as seams: nothing in the core reads the clock or rolls dice by itself."""

import random
import secrets
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Give seconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Give seconds since some moment; never goes back."""
        ...


class Rng(Protocol):
    """Makes up names that nobody else makes up."""

    def token(self, n_bytes: int) -> str:
        """Give `n_bytes` of chance as lower-case hexadecimal digits."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Give seconds since the Unix epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Give seconds since some moment; never goes back."""
        return time.monotonic()


class FakeClock:
    """A clock that stands still until a test moves it.

    Args:
        start_s: Where it stands at first, in seconds since the Unix epoch.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def now(self) -> float:
        """Give the seconds it stands at."""
        return self._now_s

    def monotonic(self) -> float:
        """Give the seconds it stands at."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move it forward."""
        self._now_s += seconds


class SystemRng:
    """The operating system's chance."""

    def token(self, n_bytes: int) -> str:
        """Give `n_bytes` of chance as lower-case hexadecimal digits."""
        return secrets.token_hex(n_bytes)


class SeededRng:
    """The same tokens each time, for tests and replays.

    Args:
        seed: Where the sequence starts.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose, guards nothing

    def token(self, n_bytes: int) -> str:
        """Give the next `n_bytes` of the sequence as lower-case hexadecimal digits."""
        return self._random.randbytes(n_bytes).hex()
