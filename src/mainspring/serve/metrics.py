"""What the gateway counts, in the text form that Prometheus scrapes.

Counters and histograms of its own requests, and what the pools know of their members at the moment of the scrape.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mainspring.core import Usage
from mainspring.models.pool.pool import Pool
from mainspring.models.pool.status import MemberStatus, status_of

_BUCKETS_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_TOKENS: Final = ("input_tokens", "cached_tokens", "output_tokens")
_COUNTS: Final = ("calls", "failures", "hedges", "won", "abandoned", "ejections")

Labels = tuple[tuple[str, str], ...]
"""Names and values."""


class Histogram:
    """Seconds, in buckets."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_BUCKETS_S) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        """Take one in."""
        self._counts[bisect_left(_BUCKETS_S, seconds)] += 1
        self._sum_s += seconds

    def lines(self, name: str, labels: Labels) -> Iterator[str]:
        """Write it."""
        total = 0
        for bound, count in zip((*_BUCKETS_S, "+Inf"), self._counts, strict=True):
            total += count
            yield f"{name}_bucket{_written((*labels, ('le', str(bound))))} {total}"
        yield f"{name}_sum{_written(labels)} {self._sum_s:.6f}"
        yield f"{name}_count{_written(labels)} {total}"


class Metrics:
    """Everything that is counted."""

    def __init__(self) -> None:
        self.in_progress = 0
        self._requests: dict[Labels, int] = defaultdict(int)
        self._seconds: dict[Labels, Histogram] = defaultdict(Histogram)
        self._first: dict[Labels, Histogram] = defaultdict(Histogram)
        self._tokens: dict[Labels, int] = defaultdict(int)
        self._usd: dict[Labels, float] = defaultdict(float)

    def took(self, path: str, model: str, status: int, seconds: float, first_s: float | None) -> None:
        """Take in a request that has ended."""
        self._requests[("path", path), ("model", model), ("status", str(status))] += 1
        self._seconds[("path", path), ("model", model)].add(seconds)
        if first_s is not None:
            self._first[(("model", model),)].add(first_s)

    def used(self, model: str, key: str, usage: Usage) -> None:
        """Take in what a request used."""
        for kind in _TOKENS:
            self._tokens[("model", model), ("key", key), ("kind", kind)] += getattr(usage, kind)
        if usage.cost_usd is not None:
            self._usd[("model", model), ("key", key)] += float(usage.cost_usd)

    def text(self, pools: Mapping[str, Pool[Any]]) -> str:
        """Write everything."""
        lines = [
            *_family("mainspring_requests_total", "counter", self._requests),
            *_family("mainspring_tokens_total", "counter", self._tokens),
            *_family("mainspring_cost_usd_total", "counter", self._usd),
            *_histograms("mainspring_request_seconds", self._seconds),
            *_histograms("mainspring_first_content_seconds", self._first),
            *_family("mainspring_requests_in_progress", "gauge", {(): self.in_progress}),
            *_pools(pools),
        ]
        return "\n".join(lines) + "\n"


def _pools(pools: Mapping[str, Pool[Any]]) -> Iterator[str]:
    found: list[tuple[Labels, MemberStatus]] = []
    waiting: dict[Labels, int] = {}
    for name, pool in pools.items():
        status = status_of(pool)
        waiting[("model", name),] = status.waiting
        found.extend(((("model", name), ("member", member.name)), member) for member in status.members)
    for kind in _COUNTS:
        yield from _family(
            f"mainspring_member_{kind}_total", "counter", {labels: getattr(one, kind) for labels, one in found}
        )
    for state in ("ejected", "resting"):
        yield from _family(
            f"mainspring_member_{state}", "gauge", {labels: int(one.state == state) for labels, one in found}
        )
    in_flight = {labels: one.in_flight for labels, one in found}
    yield from _family("mainspring_member_in_flight", "gauge", in_flight)
    latency = {labels: one.latency_s for labels, one in found if one.latency_s is not None}
    yield from _family("mainspring_member_latency_seconds", "gauge", latency)
    yield from _family("mainspring_pool_waiting", "gauge", waiting)


def _family(name: str, kind: str, values: Mapping[Labels, float]) -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{_written(labels)} {value}"


def _histograms(name: str, values: Mapping[Labels, Histogram]) -> Iterator[str]:
    yield f"# TYPE {name} histogram"
    for labels, histogram in values.items():
        yield from histogram.lines(name, labels)


def _written(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
