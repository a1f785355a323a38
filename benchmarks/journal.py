"""Measures what it costs to keep a run's effects: Mainspring with and without a store, DBOS, and LangGraph.

Every contender has a model in its own process that answers at once, each in a process of its own, one after the
other, in several rounds of alternating order. README.md says what the figures mean.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from benchmarks.environments import JOURNAL_PEERS, Environment, machine, own_environment, peers_environment
from benchmarks.journal_contender import PAGE_CHARS
from benchmarks.journal_report import IMPORTED, OURS, PLAIN, POSTGRES, SQLITE, as_document, as_table
from benchmarks.private_postgres import VARIABLE, postgres
from benchmarks.rounds import chosen_peers, in_rounds

N_FLUSHES = 50


def main() -> int:
    """Measure what the command line asks for, print it, and fail where one of ours did."""
    arguments = read_arguments()
    own, apart = own_environment(), peers_environment()
    circumstances = {
        "machine": {**machine(), "flush_ms": flush_ms()},
        "versions": {"own": own.versions, "peers": apart.versions},
        "n_rounds": arguments.rounds,
    }
    with postgres(arguments.postgres) as url:
        contenders: dict[str, Environment] = dict.fromkeys((SQLITE, PLAIN, IMPORTED), own)
        contenders |= {POSTGRES: own} if url else {}
        contenders |= dict.fromkeys(chosen_peers(arguments.peers, JOURNAL_PEERS, apart), apart)
        rounds, failed = in_rounds(
            contenders,
            lambda name: ["-m", "benchmarks.journal_measure", name],
            n_rounds=arguments.rounds,
            environ={VARIABLE: url} if url else {},
        )
    document = {**as_document(rounds), "failed": failed, **circumstances}
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        console = Console(width=130)
        console.print(as_table(rounds))
        for label in ("fold_200_ms", "resume_200_ms", "no_store_ratio", "ratios", "failed"):
            if label in document:
                console.print(f"{label}: {document[label]}", highlight=False)
    return 1 if failed.keys() & set(OURS) else 0


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--rounds", type=int, default=3, help="how often every contender is measured (default 3)")
    parser.add_argument(
        "--postgres",
        default="",
        metavar="URL",
        help=f"a server whose user may make databases, or `private` (default: what {VARIABLE} names)",
    )
    parser.add_argument(
        "--peers", default="auto", help="auto (those installed), none, or NAME,NAME: " + ", ".join(JOURNAL_PEERS)
    )
    return parser.parse_args()


def flush_ms() -> float:
    """Measure how long the disk takes to make 4 KB durable: the floor of what one run at a time can reach."""
    taken_s: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Path(folder, "flushed").open("wb", buffering=0) as file:
        for _ in range(N_FLUSHES):
            started_s = time.perf_counter()
            file.write(bytes(PAGE_CHARS))
            os.fdatasync(file.fileno())
            taken_s.append(time.perf_counter() - started_s)
    return round(1000 * statistics.median(taken_s), 3)


if __name__ == "__main__":
    sys.exit(main())
