"""Turns the figures of `pool_policy.py` into one document and one table.

A figure is the median over the seeds; errors are those of all seeds together.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.table import Table

from benchmarks.overhead_report import rounded
from benchmarks.pool_measure import Figures

OURS: Final = "ours"
Taken = dict[int, list[Figures]]
"""What was measured of a contender: seed by seed, for each number of requests per second."""
_TIMES: Final = ("p50_ms", "p95_ms", "p99_ms", "mean_ms")


def as_document(ours: Mapping[str, Taken], peers: Mapping[str, Taken]) -> dict[str, Any]:
    """Build the JSON document: ours and the plain policies at the top, the peers below."""
    return {**_summaries(ours), "peers": _summaries(peers)}


def as_table(contenders: Mapping[str, Taken]) -> Table:
    """Build the table that people read: one part for each number of requests per second."""
    table = Table(title="Milliseconds a call takes over four unlike servers, in virtual time")
    table.add_column("contender")
    for title in ("requests/s", "p50", "p95", "p99", "p99, from … to", "mean", "sent/request", "errors"):
        table.add_column(title, justify="right")
    for rate in next(iter(contenders.values())):
        for name, taken in contenders.items():
            table.add_row(name, str(rate), *_cells(taken[rate]), style="bold" if name == OURS else None)
        table.add_section()
    return table


def _cells(by_seed: Sequence[Figures]) -> list[str]:
    whole = _summary(by_seed)
    least, most = whole["range"]["p99_ms"]
    p50, p95, p99, mean = (f"{whole[key]:.0f}" for key in _TIMES)
    ratio, errors = f"{whole['upstream_ratio']:.3f}", str(whole["errors"])
    return [p50, p95, p99, f"{least:.0f} … {most:.0f}", mean, ratio, errors]


def _summaries(contenders: Mapping[str, Taken]) -> dict[str, Any]:
    return {
        f"{name}_{rate}": _summary(by_seed) for name, taken in contenders.items() for rate, by_seed in taken.items()
    }


def _summary(by_seed: Sequence[Figures]) -> dict[str, Any]:
    values = {key: [getattr(figures, key) for figures in by_seed] for key in (*_TIMES, "upstream_ratio")}
    return {
        **{key: rounded(statistics.median(of_key)) for key, of_key in values.items()},
        "errors": sum(figures.errors for figures in by_seed),
        "range": {key: [rounded(min(of_key)), rounded(max(of_key))] for key, of_key in values.items()},
        "by_seed": [{key: rounded(value) for key, value in asdict(figures).items()} for figures in by_seed],
    }
