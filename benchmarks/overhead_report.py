"""Turns the rounds of `step_overhead.py` into one document and one table.

A figure is the median over the rounds. A ratio is the median of the ratios within each round, because the two
sides of one round were taken while the machine ran at about the same speed.
"""

import statistics
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from benchmarks.environments import FLOOR, OURS
from benchmarks.rounds import Rounds

Path = tuple[str, ...]
"""Where a figure stands in a contender's document."""

COSTS: dict[str, Path] = {
    "steps_10": ("steps_10", "cpu_ms"),
    "steps_100": ("steps_100", "cpu_ms"),
    "concurrent_200": ("concurrent_200", "cpu_ms"),
    "stream": ("stream", "cpu_us_per_chunk"),
}
"""The figures that ratios are made of. All are CPU, so less is better."""

COLUMNS: dict[str, Path] = {
    "CPU ms/step\n10 steps": COSTS["steps_10"],
    "CPU ms/step\n100 steps": COSTS["steps_100"],
    "CPU ms/step\n200 runs": COSTS["concurrent_200"],
    "steps/s\n200 runs": ("concurrent_200", "steps_per_s"),
    "CPU µs\n/chunk": COSTS["stream"],
    "RSS MB\nidle": ("idle_rss_mb",),
    "RSS MB\npeak": ("peak_rss_mb",),
}


def as_document(rounds: Rounds) -> dict[str, Any]:
    """Build the JSON document: ours at the top, the floor beside it, the peers below, and the ratios."""
    middle = {name: medians(taken) for name, taken in rounds.items()}
    floor = middle.pop(FLOOR, {})
    ours = middle.pop(OURS, {})
    floor = {f"floor_{key.removeprefix('steps_')}": value for key, value in floor.items()}
    return {**ours, **floor, "peers": middle, "ratios": ratios(rounds)}


def medians(taken: list[dict[str, Any]]) -> dict[str, Any]:
    """Take the median of every figure, in the shape that the figures have."""
    result: dict[str, Any] = {}
    for key, first in taken[0].items():
        values = [one[key] for one in taken]
        result[key] = medians(values) if isinstance(first, dict) else rounded(statistics.median(values))
    return result


def ratios(rounds: Rounds) -> dict[str, Any]:
    """Compare ours with the floor, the cheapest peer with ours, and 100 steps with 10.

    A ratio above one means that its second side is cheaper.
    """
    best = best_peers(rounds)
    result: dict[str, Any] = {
        "steps_100_to_steps_10": {
            name: ratio(taken, taken, COSTS["steps_100"], COSTS["steps_10"]) for name, taken in rounds.items()
        },
        "best_peer": best,
    }
    if ours := rounds.get(OURS):
        result["best_peer_to_ours"] = {
            label: ratio(rounds[peer], ours, COSTS[label]) for label, peer in best.items()
        }
        if floor := rounds.get(FLOOR):
            result["ours_to_floor"] = {label: ratio(ours, floor, path) for label, path in COSTS.items()}
    return result


def best_peers(rounds: Rounds) -> dict[str, str]:
    """Name the cheapest peer in every cost."""
    best: dict[str, str] = {}
    for label, path in COSTS.items():
        costs = {
            name: statistics.median(figures(taken, path))
            for name, taken in rounds.items()
            if name not in {OURS, FLOOR} and path[0] in taken[0]
        }
        if costs:
            best[label] = min(costs, key=costs.__getitem__)
    return best


def ratio(
    first: list[dict[str, Any]], second: list[dict[str, Any]], path: Path, second_path: Path | None = None
) -> float:
    """Take the median, over the rounds, of one contender's figure divided by another's."""
    pairs = zip(figures(first, path), figures(second, second_path or path), strict=True)
    return rounded(statistics.median(one / other for one, other in pairs))


def figures(taken: list[dict[str, Any]], path: Path) -> Iterator[float]:
    """Read one figure of every round."""
    for one in taken:
        value: Any = one
        for key in path:
            value = value[key]
        yield value


def rounded(value: float) -> float:
    """Keep four digits: more than the noise allows, and no fewer than a ratio needs."""
    return float(f"{value:.4g}")


def as_table(rounds: Rounds) -> Table:
    """Build the table that people read, cheapest at 10 steps first."""
    table = Table(
        title="One step = one model call + one tool call; N steps make N + 1 model calls, divided by N + 1"
    )
    table.add_column("contender")
    for title in COLUMNS:
        table.add_column(title, justify="right")
    for name, taken in sorted(rounds.items(), key=lambda item: min(figures(item[1], COSTS["steps_10"]))):
        middle = [medians(taken)]
        cells = [f"{next(figures(middle, path)):.4g}" if path[0] in middle[0] else "-" for path in COLUMNS.values()]
        table.add_row(name, *cells, style="bold" if name == OURS else None)
    return table
