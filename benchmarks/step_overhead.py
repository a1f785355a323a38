"""Measures the CPU of an agent step: Mainspring beside a hand-written loop and other frameworks.

Every contender answers to the same scripted server, each in a process of its own, one after the other, in
several rounds of alternating order. README.md says what the figures mean.
"""

import argparse
import json
import subprocess
import sys
from typing import Any

from rich.console import Console

from benchmarks.environments import (
    FLOOR,
    OURS,
    PEERS,
    ROOT,
    Environment,
    machine,
    own_environment,
    peers_environment,
    quiet_environ,
)
from benchmarks.overhead_report import Rounds, as_document, as_table
from benchmarks.scripted_server import serving

TIMEOUT_S = 600
"""The slowest contender needs about 30 s of CPU a round; this leaves room for a busy machine."""


def main() -> int:
    """Measure what the command line asks for, print it, and fail where Mainspring or the floor did."""
    arguments = read_arguments()
    own, apart = own_environment(), peers_environment()
    contenders = {FLOOR: own, OURS: own} | dict.fromkeys(chosen_peers(arguments.peers, apart), apart)
    circumstances = {
        "machine": machine(),
        "versions": {"own": own.versions, "peers": apart.versions},
        "n_rounds": arguments.rounds,
        "concurrent_delay_ms": arguments.delay_ms,
    }
    rounds, failed = measure_all(contenders, n_rounds=arguments.rounds, delay_ms=arguments.delay_ms)
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


def chosen_peers(choice: str, apart: Environment) -> list[str]:
    """Turn the value of `--peers` into names, all of them installed."""
    if choice == "none":
        return []
    if choice == "auto":
        return [name for name, needed in PEERS.items() if apart.has(needed)]
    names = choice.split(",")
    for name in names:
        if name not in PEERS:
            raise SystemExit(f"no contender is called {name!r}; there are {', '.join(PEERS)}")
        if not apart.has(PEERS[name]):
            raise SystemExit(
                f"{name!r} needs {', '.join(PEERS[name])}; benchmarks/README.md says how to install it"
            )
    return names


def measure_all(
    contenders: dict[str, Environment], *, n_rounds: int, delay_ms: int
) -> tuple[Rounds, dict[str, str]]:
    """Measure all contenders in rounds; one that fails is left out of the rounds that follow."""
    rounds: Rounds = {name: [] for name in contenders}
    failed: dict[str, str] = {}
    with serving() as base_url:
        for index in range(n_rounds):
            order = list(contenders) if index % 2 == 0 else list(contenders)[::-1]
            for name in order:
                if name in failed:
                    continue
                print(f"round {index + 1} of {n_rounds}: {name}", file=sys.stderr)
                figures, error = measure(contenders[name].python, name, base_url, delay_ms)
                if figures is None:
                    failed[name] = error
                    print(f"  failed: {error}", file=sys.stderr)
                else:
                    rounds[name].append(figures)
    return {name: taken for name, taken in rounds.items() if name not in failed}, failed


def measure(python: str, name: str, base_url: str, delay_ms: int) -> tuple[dict[str, Any] | None, str]:
    """Measure one contender in a process of its own; give its figures, or why there are none."""
    command = [python, "-m", "benchmarks.measure", name, base_url, "--delay-ms", str(delay_ms)]
    try:
        process = subprocess.run(
            command,
            cwd=ROOT,
            env=quiet_environ(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"not done after {TIMEOUT_S} s"
    if process.returncode:
        return None, (process.stderr.strip().splitlines() or ["no message"])[-1]
    return json.loads(process.stdout.splitlines()[-1]), ""


if __name__ == "__main__":
    sys.exit(main())
