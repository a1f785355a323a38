"""Measures what it costs to ask a model over HTTP: Mainspring's client, the floor, and other clients.

Every contender talks to the same server, which answers at once, each in a process of its own, one after the other,
in several rounds of alternating order. README.md says what the figures mean.
"""

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.environments import (
    CLIENT_PEERS,
    FLOOR,
    OURS,
    litellm_environment,
    machine,
    own_environment,
)
from benchmarks.instant_server import serving
from benchmarks.overhead_report import figures, medians, ratio, rounded
from benchmarks.rounds import Rounds, chosen_peers, in_rounds

CALL = "cpu_ms_per_call"
CHUNK = "cpu_us_per_chunk"


def main() -> int:
    """Measure what the command line asks for, print it, and fail where Mainspring or the floor did."""
    arguments = read_arguments()
    own, apart = own_environment(), litellm_environment()
    circumstances = {
        "machine": machine(),
        "versions": {"own": own.versions, "peers": apart.versions},
        "n_rounds": arguments.rounds,
    }
    contenders = {FLOOR: own, OURS: own}
    contenders |= dict.fromkeys(chosen_peers(arguments.peers, CLIENT_PEERS, apart), apart)
    with serving() as (base_url,):
        rounds, failed = in_rounds(
            contenders,
            lambda name: ["-m", "benchmarks.client_measure", name, base_url],
            n_rounds=arguments.rounds,
        )
    if arguments.json:
        print(json.dumps({**as_document(rounds), "failed": failed, **circumstances}, indent=2))
    else:
        console = Console(width=100)
        console.print(as_table(rounds))
        for label, value in as_document(rounds).items():
            if "ratio" in label:
                console.print(f"{label}: {value}", highlight=False)
    return 1 if {OURS, FLOOR} & failed.keys() else 0


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--rounds", type=int, default=5, help="how often every contender is measured (default 5)")
    parser.add_argument(
        "--peers", default="auto", help="auto (those installed), none, or NAME,NAME: " + ", ".join(CLIENT_PEERS)
    )
    return parser.parse_args()


def as_document(rounds: Rounds) -> dict[str, Any]:
    """Build the JSON document: ours, the floor, the peers, and ours divided by the floor."""
    middle = {name: {key: medians(taken)[key] for key in (CALL, CHUNK)} for name, taken in rounds.items()}
    document: dict[str, Any] = {"ours": middle.pop(OURS, {}), "floor": middle.pop(FLOOR, {}), "peers": middle}
    if {OURS, FLOOR} <= rounds.keys():
        document["ratio_call"] = ratio(rounds[OURS], rounds[FLOOR], (CALL,))
        document["ratio_chunk"] = ratio(rounds[OURS], rounds[FLOOR], (CHUNK,))
        document["least_ratio_call"] = least_ratio(rounds, CALL)
        document["least_ratio_chunk"] = least_ratio(rounds, CHUNK)
    return document


def least_ratio(rounds: Rounds, key: str) -> float:
    """Compare ours with the floor by the cheapest that either was seen to do, which other work disturbs least."""
    least = {name: min(figures(rounds[name], (f"least_{key}",))) for name in (OURS, FLOOR)}
    return rounded(least[OURS] / least[FLOOR])


def as_table(rounds: Rounds) -> Table:
    """Build the table that people read."""
    table = Table(title="A call of 0.7 KB, and a reply in 500 chunks: CPU of the client")
    table.add_column("client")
    for title in ("CPU ms/call", "to floor", "CPU µs/chunk", "to floor"):
        table.add_column(title, justify="right")
    for name, taken in rounds.items():
        middle = medians(taken)
        cells = []
        for key in (CALL, CHUNK):
            to_floor = f"{ratio(taken, rounds[FLOOR], (key,)):.2f}" if FLOOR in rounds else "-"
            cells += [f"{middle[key]:.3g}", to_floor]
        table.add_row(name, *cells, style="bold" if name == OURS else None)
    return table


if __name__ == "__main__":
    sys.exit(main())
