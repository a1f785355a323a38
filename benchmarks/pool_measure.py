"""Measures one contender of `pool_policy.py` in virtual time.

Calls come one by one at random moments, whether earlier ones are served or not (an open loop with Poisson
arrivals), at the same moments for every contender.

`python -m benchmarks.pool_measure STRATEGY RATE_PER_S N_REQUESTS SEED` is what `pool_policy.py` starts for each of
LiteLLM's strategies, with the interpreter in which LiteLLM is installed; it needs nothing else.
"""

import argparse
import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

from benchmarks.pool_contender import Connect, Contender
from benchmarks.pool_servers import servers
from benchmarks.virtual_process import enter_virtual_time
from benchmarks.virtual_time import VirtualLoop, run_virtually


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of a contender."""

    rate_per_s: float
    n_requests: int
    seed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What it made of that; the times are those of the calls that were served."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    mean_ms: float
    errors: int
    """Calls that were given up."""
    upstream_ratio: float
    """Calls that the servers were sent, for each that was asked for."""


def simulated(connect: Connect, load: Load, loop: VirtualLoop | None = None) -> Figures:
    """Run one contender under one load."""
    return run_virtually(_measured(connect, load), loop)


async def _measured(connect: Connect, load: Load) -> Figures:
    upstream = servers(load.seed)
    served_s = await _offered(connect(upstream, Random(f"{load.seed}/choices")), load)
    sorted_s = sorted(served_s)
    return Figures(
        p50_ms=_quantile_ms(sorted_s, 0.50),
        p95_ms=_quantile_ms(sorted_s, 0.95),
        p99_ms=_quantile_ms(sorted_s, 0.99),
        mean_ms=1000 * sum(served_s) / len(served_s),
        errors=load.n_requests - len(served_s),
        upstream_ratio=sum(server.n_calls for server in upstream) / load.n_requests,
    )


async def _offered(contender: Contender, load: Load) -> list[float]:
    """Ask for all calls, each at its moment; give the seconds of those that were served."""
    loop, arrivals = asyncio.get_running_loop(), Random(f"{load.seed}/arrivals")
    served_s: list[float] = []

    async def asked() -> None:
        began_s = loop.time()
        try:
            await contender.call()
        except contender.failures:
            return
        served_s.append(loop.time() - began_s)

    async with asyncio.TaskGroup() as group:
        for _ in range(load.n_requests):
            group.create_task(asked())
            await asyncio.sleep(arrivals.expovariate(load.rate_per_s))
    return served_s


def _quantile_ms(sorted_s: Sequence[float], part: float) -> float:
    return 1000 * sorted_s[min(len(sorted_s) - 1, int(part * len(sorted_s)))]


def main() -> None:
    """Measure the strategy named on the command line, in a process that lives in virtual time."""
    parser = argparse.ArgumentParser(description="Measure one strategy of LiteLLM's Router in virtual time.")
    parser.add_argument("strategy", help="as LiteLLM calls it")
    parser.add_argument("rate_per_s", type=float)
    parser.add_argument("n_requests", type=int)
    parser.add_argument("seed", type=int)
    arguments = parser.parse_args()
    load = Load(arguments.rate_per_s, arguments.n_requests, arguments.seed)
    loop = VirtualLoop()
    enter_virtual_time(loop)
    random.seed(load.seed)
    from benchmarks.pool_contenders.litellm import connecting

    print(json.dumps(asdict(simulated(connecting(arguments.strategy), load, loop))))


if __name__ == "__main__":
    main()
