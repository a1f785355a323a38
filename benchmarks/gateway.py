"""Measures what a gateway adds to a request and to a streamed chunk: Mainspring's beside LiteLLM's proxy.

Every gateway has the same two servers behind it, which answer at once, and the same load before it; each runs in a
process of its own, one after the other, in several rounds of alternating order. README.md says what they mean.
"""

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.environments import (
    GATEWAY_PEERS,
    OURS,
    litellm_environment,
    machine,
    own_environment,
)
from benchmarks.gateway_measure import CONCURRENCY
from benchmarks.overhead_report import medians, ratio
from benchmarks.rounds import Rounds, chosen_peers, in_rounds

COLUMNS = {
    "requests_per_s": "requests per\nCPU second",
    "measured_requests_per_s": f"requests/s\n{CONCURRENCY} at once",
    "cpu_ms_per_request": "CPU ms\n/request",
    "cpu_us_per_chunk": "CPU µs\n/chunk",
    "cpu_us_per_paced_chunk": "CPU µs\n/chunk, paced",
    "idle_rss_mb": "RSS MB\nidle",
    "rss_mb": "RSS MB\nafter load",
}


def main() -> int:
    """Measure what the command line asks for, print it, and fail where Mainspring did."""
    arguments = read_arguments()
    own, apart = own_environment(), litellm_environment()
    circumstances = {
        "machine": machine(),
        "versions": {"own": own.versions, "peers": apart.versions},
        "n_rounds": arguments.rounds,
        "concurrency": CONCURRENCY,
    }
    pythons = {OURS: own.python}
    pythons |= dict.fromkeys(chosen_peers(arguments.peers, GATEWAY_PEERS, apart), apart.python)
    rounds, failed = in_rounds(
        dict.fromkeys(pythons, own),
        lambda name: ["-m", "benchmarks.gateway_measure", name, pythons[name]],
        n_rounds=arguments.rounds,
    )
    if arguments.json:
        print(json.dumps({**as_document(rounds), "failed": failed, **circumstances}, indent=2))
    else:
        Console(width=110).print(as_table(rounds))
    return 1 if OURS in failed else 0


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--rounds", type=int, default=3, help="how often every gateway is measured (default 3)")
    parser.add_argument(
        "--peers", default="auto", help="auto (those installed), none, or NAME,NAME: " + ", ".join(GATEWAY_PEERS)
    )
    return parser.parse_args()


def as_document(rounds: Rounds) -> dict[str, Any]:
    """Build the JSON document: ours at the top, the peers below, and ours divided by theirs."""
    peers = {name: medians(taken) for name, taken in rounds.items() if name != OURS}
    if OURS in rounds:
        for name, figures in peers.items():
            figures["ratio_requests_per_s"] = ratio(rounds[OURS], rounds[name], ("requests_per_s",))
        return {**medians(rounds[OURS]), "peers": peers}
    return {"peers": peers}


def as_table(rounds: Rounds) -> Table:
    """Build the table that people read."""
    table = Table(title="Two servers that answer at once behind it; CPU of the gateway's process")
    table.add_column("gateway")
    for title in COLUMNS.values():
        table.add_column(title, justify="right")
    for name, taken in rounds.items():
        middle = medians(taken)
        cells = [f"{middle[key]:.4g}" for key in COLUMNS]
        table.add_row(name, *cells, style="bold" if name == OURS else None)
    return table


if __name__ == "__main__":
    sys.exit(main())
