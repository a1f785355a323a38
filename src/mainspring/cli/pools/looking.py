"""A look at pools: as a gateway sees them, or, where none runs, as their members answer from here.

Looks that follow each other give rates, and keep asking while the gateway comes and goes.
"""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from mainspring.cli.pools.asking import Door, NoGateway, ask
from mainspring.cli.pools.probing import ProbedPool, configured, probe
from mainspring.core.errors import ConfigError
from mainspring.models.config import Settings, nearest
from mainspring.models.pool.status import PoolStatus

_RATED_LOOKS: Final = 6
"""Looks that a rate is made of: over fewer it jumps, over more it is late."""
_PROBED_FOR_S: Final = 10.0
"""How long what members answered counts, so that watching them is no load."""

Rates = Mapping[tuple[str, str], float]
"""Calls per second, by pool and member."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a gateway said."""

    url: str
    at: float
    """Seconds since the Unix epoch."""
    pools: Sequence[PoolStatus]
    rates: Rates
    """Empty before the second look."""

    @property
    def document(self) -> dict[str, Any]:
        """What a program is told."""
        return {"source": "gateway", "gateway": self.url, "at": self.at, "pools": [*map(self._pool, self.pools)]}

    def _pool(self, pool: PoolStatus) -> dict[str, Any]:
        members = [
            asdict(member) | {"calls_per_s": self.rates.get((pool.name, member.name))} for member in pool.members
        ]
        return {"name": pool.name, "is_well": pool.is_well, **asdict(pool), "members": members}


@dataclass(frozen=True, slots=True)
class Probed:
    """What the members answered, as there was no gateway."""

    gateway: Door
    why: str
    """Why there was none."""
    at: float
    """Seconds since the Unix epoch."""
    pools: Sequence[ProbedPool]

    @property
    def document(self) -> dict[str, Any]:
        """What a program is told."""
        pools = [{"name": pool.name, "is_well": pool.is_well, **asdict(pool)} for pool in self.pools]
        return {"source": "members", "gateway": None, "at": self.at, "pools": pools}


Look = Served | Probed


class Looker:
    """Looks at pools.

    Args:
        gateway: Who is asked.
        settings: What is configured here.
        names: The models to look at; all of them if empty.
    """

    def __init__(self, gateway: Door, settings: Settings, names: Sequence[str]) -> None:
        self._gateway = gateway
        self._settings = settings
        self._names = names
        self._rating = _Rating()
        self._probed: tuple[float, Probed] | None = None

    async def look(self) -> Look:
        """Look once.

        Raises:
            ConfigError: There is no such model, or whoever answers cannot be asked so.
        """
        try:
            pools = await ask(self._gateway)
        except NoGateway as error:
            return await self._without_gateway(str(error))
        wanted = self._wanted([pool.name for pool in pools], f"the gateway at {self._gateway.url} has")
        self._probed = None
        rates = self._rating.take(pools, time.monotonic())
        return Served(self._gateway.url, time.time(), [pool for pool in pools if pool.name in wanted], rates)

    async def _without_gateway(self, why: str) -> Probed:
        now_s = time.monotonic()
        if self._probed is not None and now_s - self._probed[0] < _PROBED_FOR_S:
            return replace(self._probed[1], why=why)
        names = self._wanted(configured(self._settings), "there is")
        probed = Probed(self._gateway, why, time.time(), await probe(self._settings, names))
        self._probed = now_s, probed
        return probed

    def _wanted(self, known: list[str], who_has: str) -> list[str]:
        for name in self._names:
            if name not in known:
                listed = f"there are {', '.join(known)}" if known else "there are none"
                raise ConfigError(f"{who_has} no model {name!r}{nearest(name, known)}; {listed}")
        return [name for name in known if not self._names or name in self._names]


class _Rating:
    """Makes rates of counts."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, dict[tuple[str, str], int]]] = deque(maxlen=_RATED_LOOKS)

    def take(self, pools: Sequence[PoolStatus], now_s: float) -> Rates:
        counts = {(pool.name, member.name): member.calls for pool in pools for member in pool.members}
        if self._looks and any(counts.get(key, 0) < n for key, n in self._looks[-1][1].items()):
            self._looks.clear()  # counts go back only where the gateway was started again
        self._looks.append((now_s, counts))
        first_s, before = self._looks[0]
        if now_s <= first_s:
            return {}
        return {key: (n - before[key]) / (now_s - first_s) for key, n in counts.items() if key in before}
