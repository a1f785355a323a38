"""What was asked a moment ago need not be asked again: a bounded store whose entries grow old."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from mainspring.core import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Keeps values for a while, and drops the one longest unused when there is no room.

    Args:
        clock: Tells how old a value is.
        keep_s: Seconds after which a value is forgotten.
        n_entries: How many are kept at most.
    """

    def __init__(self, clock: Clock, *, keep_s: float, n_entries: int) -> None:
        self._clock = clock
        self._keep_s = keep_s
        self._n_entries = n_entries
        self._held: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: K) -> V | None:
        """Give the value if it is there and young enough."""
        held = self._held.get(key)
        if held is None:
            return None
        kept_at_s, value = held
        if self._clock.monotonic() - kept_at_s >= self._keep_s:
            del self._held[key]
            return None
        self._held.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value from this moment on."""
        self._held[key] = (self._clock.monotonic(), value)
        self._held.move_to_end(key)
        if len(self._held) > self._n_entries:
            self._held.popitem(last=False)
