"""Measures the CPU of an agent step: Mainspring beside a hand-written loop and other frameworks.

Every contender answers to the same scripted server, each in a process of its own, one after the other, in
several rounds of alternating order. README.md says what the figures mean.
"""

import argparse
import json
import sys

from rich.console import Console

from benchmarks.environments import (
    FLOOR,
    OURS,
    PEERS,
    machine,
    own_environment,
    peers_environment,
)
from benchmarks.overhead_report import as_document, as_table
from benchmarks.rounds import chosen_peers, in_rounds
from benchmarks.scripted_server import serving


def main() -> int:
    """Measure what the command line asks for, print it, and fail where Mainspring or the floor did."""
    arguments = read_arguments()
    own, apart = own_environment(), peers_environment()
    contenders = {FLOOR: own, OURS: own} | dict.fromkeys(chosen_peers(arguments.peers, PEERS, apart), apart)
    circumstances = {
        "machine": machine(),
        "versions": {"own": own.versions, "peers": apart.versions},
        "n_rounds": arguments.rounds,
        "concurrent_delay_ms": arguments.delay_ms,
    }
    delay = ("--delay-ms", str(arguments.delay_ms))
    with serving() as base_url:
        rounds, failed = in_rounds(
            contenders,
            lambda name: ["-m", "benchmarks.measure", name, base_url, *delay],
            n_rounds=arguments.rounds,
        )
    document = {**as_document(rounds), "failed": failed, **circumstances}
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        console = Console(width=110)
        console.print(as_table(rounds))
        for label, compared in document["ratios"].items():
            console.print(f"{label}: {compared}", highlight=False)
    return 1 if {OURS, FLOOR} & failed.keys() else 0


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--rounds", type=int, default=3, help="how often every contender is measured (default 3)")
    parser.add_argument(
        "--peers", default="auto", help="auto (those installed), none, or NAME,NAME: " + ", ".join(PEERS)
    )
    parser.add_argument("--delay-ms", type=int, default=0, help="the server's delay under 200 concurrent runs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
