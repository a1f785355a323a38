"""Compares how calls are spread over unlike servers: Mainspring's pool, plain policies, and LiteLLM's Router.

Everything happens in virtual time, so that only the policies count, and the same seeds give the same figures on any
machine. README.md says what the figures mean.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from rich.console import Console

from benchmarks.environments import Environment, litellm_environment, machine, own_environment
from benchmarks.pool_contender import Connect
from benchmarks.pool_contenders.baselines import BASELINES
from benchmarks.pool_contenders.mainspring import hedged, unhedged
from benchmarks.pool_measure import Figures, Load, simulated
from benchmarks.pool_report import OURS, Taken, as_document, as_table
from benchmarks.rounds import chosen_peers, measured

RATES_PER_S: Final = (60, 120)
OWN: Final[dict[str, Connect]] = {OURS: hedged, "ours_no_hedge": unhedged, **BASELINES}
STRATEGIES: Final = {
    "litellm_simple_shuffle": "simple-shuffle",
    "litellm_latency_based": "latency-based-routing",
    "litellm_usage_based_v2": "usage-based-routing-v2",
    "litellm_least_busy": "least-busy",
}
"""The peers, and what LiteLLM calls them."""


def main() -> int:
    """Measure what the command line asks for, print it, and fail where ours left a call without an answer."""
    arguments = read_arguments()
    own, apart = own_environment(), litellm_environment()
    peers = chosen_peers(arguments.peers, dict.fromkeys(STRATEGIES, ("litellm",)), apart)
    seeds = range(1, arguments.seeds + 1)
    loads = {
        rate: [Load(rate_per_s=rate, n_requests=arguments.requests, seed=seed) for seed in seeds]
        for rate in RATES_PER_S
    }
    ours = {name: taken_here(name, loads) for name in OWN}
    theirs, failed = taken_apart(peers, loads, apart)
    if arguments.json:
        document = {
            **as_document(ours, theirs),
            "failed": failed,
            "machine": machine(),
            "versions": {"own": own.versions, "peers": apart.versions},
            "seeds": list(seeds),
            "n_requests": arguments.requests,
        }
        print(json.dumps(document, indent=2))
    else:
        Console(width=110).print(as_table({**ours, **theirs}))
    return int(any(figures.errors for taken in ours[OURS].values() for figures in taken))


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--seeds", type=int, default=5, help="how many draws of arrivals and servers (default 5)")
    parser.add_argument("--requests", type=int, default=3000, help="calls for each of them (default 3000)")
    parser.add_argument(
        "--peers", default="auto", help="auto (those installed), none, or NAME,NAME: " + ", ".join(STRATEGIES)
    )
    return parser.parse_args()


def taken_here(name: str, loads: dict[int, list[Load]]) -> Taken:
    """Measure one of our own contenders in this process: in virtual time they cannot disturb each other."""
    print(name, file=sys.stderr)
    return {rate: [simulated(OWN[name], load) for load in of_rate] for rate, of_rate in loads.items()}


def taken_apart(
    names: Sequence[str], loads: dict[int, list[Load]], apart: Environment
) -> tuple[dict[str, Taken], dict[str, str]]:
    """Measure peers, each load in a process of its own, since what LiteLLM learns from is global.

    Returns:
        The figures of those that never failed, and why the others did.
    """
    failed: dict[str, str] = {}

    def one(name: str, load: Load) -> Figures:
        print(f"{name}, {load.rate_per_s:g}/s, seed {load.seed}", file=sys.stderr)
        words = (STRATEGIES[name], f"{load.rate_per_s:g}", str(load.n_requests), str(load.seed))
        command = [apart.python, "-m", "benchmarks.pool_measure", *words]
        figures, error = measured(command, {"PYTHONHASHSEED": "0"})
        if figures is None:
            failed[name] = error
            raise ChildProcessError(error)
        return Figures(**figures)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        tasks = {
            name: {rate: [threads.submit(one, name, load) for load in of_rate] for rate, of_rate in loads.items()}
            for name in names
        }
    taken = {
        name: {rate: [task.result() for task in of_rate] for rate, of_rate in rates.items()}
        for name, rates in tasks.items()
        if name not in failed
    }
    return taken, failed


if __name__ == "__main__":
    sys.exit(main())
