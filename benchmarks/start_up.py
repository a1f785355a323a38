"""Measures what Mainspring costs before it does anything: importing it, a first run, and installing it.

Imports are timed inside fresh processes with warm byte code, one after the other in several rounds. README.md
says what the figures mean.
"""

import argparse
import json
import statistics
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.base_install import base_install
from benchmarks.environments import (
    FLOOR,
    OURS,
    PEERS,
    ROOT,
    machine,
    own_environment,
    peers_environment,
    quiet_environ,
)
from benchmarks.scripted_server import serving

STATEMENTS = {
    "import_mainspring": "import mainspring",
    "import_agent": "from mainspring import Agent, tool",
    "import_pydantic": "import pydantic",
    "import_basemodel": "from pydantic import BaseModel",
}

FIRST_RUN = """
import asyncio
from benchmarks.contenders.{name} import connect
async def once():
    assert await connect({base_url!r}).run("mock-1-0") == "done"
asyncio.run(once())
"""

PROBE = """
import sys, time
statement, n_before = sys.argv[1], len(sys.modules)
wall_s, cpu_s = time.perf_counter(), time.process_time()
exec(statement)
wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
n_modules = len(sys.modules) - n_before
import json
with open("/proc/self/status") as status:
    rss_kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s, "rss_mb": rss_kib * 1024 / 1e6, "n_modules": n_modules}))
"""

Sample = dict[str, float]


def main() -> int:
    """Measure what the command line asks for and print it."""
    arguments = read_arguments()
    with serving() as base_url:
        probes = all_probes(base_url, peers=arguments.peers)
        taken, failed = measure_all(probes, arguments.rounds)
    document = as_document(taken) | {"failed": failed, "machine": machine(), "n_rounds": arguments.rounds}
    if arguments.install:
        document["base_install"] = base_install()
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        print_tables(taken, document)
    return 1 if failed else 0


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure imports, a first run, and the base install.")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is measured (default 7)")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="leave the other frameworks out")
    parser.add_argument("--no-install", dest="install", action="store_false", help="leave the base install out")
    return parser.parse_args()


def all_probes(base_url: str, *, peers: bool) -> dict[str, tuple[str, str]]:
    """Name everything to be timed: an interpreter, and the statement it runs."""
    probes = {name: (sys.executable, statement) for name, statement in STATEMENTS.items()}
    contenders = dict.fromkeys((OURS, FLOOR), own_environment())
    if peers:
        apart = peers_environment()
        contenders |= {name: apart for name, needed in PEERS.items() if apart.has(needed)}
    for name, environment in contenders.items():
        probes[f"first_run.{name}"] = environment.python, FIRST_RUN.format(name=name, base_url=base_url)
    return probes


def measure_all(
    probes: dict[str, tuple[str, str]], n_rounds: int
) -> tuple[dict[str, list[Sample]], dict[str, str]]:
    """Time every probe once a round, after a round that only writes the byte code and is not counted."""
    taken: dict[str, list[Sample]] = {name: [] for name in probes}
    failed: dict[str, str] = {}
    for index in range(n_rounds + 1):
        print(f"round {index} of {n_rounds}", file=sys.stderr)
        for name, (python, statement) in probes.items():
            if name in failed:
                continue
            process = subprocess.run(
                [python, "-c", PROBE, statement],
                cwd=ROOT,
                env=quiet_environ(),
                capture_output=True,
                text=True,
                check=False,
            )
            if process.returncode:
                failed[name] = (process.stderr.strip().splitlines() or ["no message"])[-1]
            elif index:
                taken[name].append(json.loads(process.stdout.splitlines()[-1]))
    return {name: samples for name, samples in taken.items() if name not in failed}, failed


def as_document(taken: dict[str, list[Sample]]) -> dict[str, Any]:
    """Take medians, put the contenders under `first_run`, and compare ours with pydantic."""
    document: dict[str, Any] = {"first_run": {}}
    for name, samples in taken.items():
        group, _, contender = name.partition(".")
        if contender:
            document[group][contender] = medians(samples)
        else:
            document[name] = medians(samples)
    if {"import_mainspring", "import_agent"} <= taken.keys():
        document["ratio"] = ratio(taken["import_mainspring"], taken["import_pydantic"])
        document["ratio_names"] = ratio(taken["import_agent"], taken["import_basemodel"])
    return document


def medians(samples: list[Sample]) -> Sample:
    """Take the median of every figure."""
    return {
        key: round(statistics.median(sample[key] for sample in samples), 4)
        for key in ("wall_s", "cpu_s", "rss_mb", "n_modules")
    }


def ratio(ours: list[Sample], theirs: list[Sample]) -> float:
    """Take the median, over the rounds, of our CPU divided by theirs."""
    pairs = zip(ours, theirs, strict=True)
    return round(statistics.median(one["cpu_s"] / other["cpu_s"] for one, other in pairs), 3)


def print_tables(taken: dict[str, list[Sample]], document: dict[str, Any]) -> None:
    """Print what people read."""
    table = Table(title="Fresh processes, medians")
    table.add_column("what")
    for title in ("wall s", "CPU s", "RSS MB", "modules"):
        table.add_column(title, justify="right")
    for name, samples in taken.items():
        middle = medians(samples)
        table.add_row(
            name,
            f"{middle['wall_s']:.3f}",
            f"{middle['cpu_s']:.3f}",
            f"{middle['rss_mb']:.0f}",
            f"{middle['n_modules']:.0f}",
        )
    console = Console(width=110)
    console.print(table)
    for key in ("ratio", "ratio_names", "base_install", "failed"):
        if key in document:
            console.print(f"{key}: {document[key]}")


if __name__ == "__main__":
    sys.exit(main())
