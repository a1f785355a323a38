"""Measures one contender of `gateway.py` and prints its figures as JSON.

`python -m benchmarks.gateway_measure NAME PYTHON` is what `gateway.py` starts. This process is the load; the
gateway and the two servers behind it are processes of their own. Where there are two cores, the gateway is held to
one and all else keeps off it.

CPU is that of the gateway's process alone, read from `/proc`. Every reply is checked.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.gateway_contender import GATEWAYS, PACED_MODEL
from benchmarks.gateway_load import Kind, Load
from benchmarks.gateway_process import Process, free_port, started, wait_until_ready
from benchmarks.instant_server import MODEL, N_PIECES, n_served, serving
from benchmarks.scripted_server import loop_factory

CONCURRENCY: Final = 50
LIMIT_S: Final = 8.0

REQUESTS: Final = Kind(model=MODEL, is_stream=False, most=20_000, concurrency=CONCURRENCY)
STREAMS: Final = Kind(model=MODEL, is_stream=True, most=2_000, concurrency=CONCURRENCY)
PACED_STREAMS: Final = Kind(model=PACED_MODEL, is_stream=True, most=10, concurrency=10)
"""So few that a gateway which needs a millisecond for a chunk still keeps pace."""

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many requests took."""

    n_requests: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_us_per_chunk(self) -> float:
        """CPU of a streamed chunk, the request that asks for it included."""
        return 1e6 * self.cpu_s / (self.n_requests * N_PIECES)


def main() -> int:
    """Measure the contender named on the command line."""
    parser = argparse.ArgumentParser(description="Measure one contender of gateway.py.")
    parser.add_argument("name", choices=GATEWAYS)
    parser.add_argument("python", help="the interpreter in which it is installed")
    arguments = parser.parse_args()
    core = _own_core()
    try:
        with serving(2) as members:
            print(json.dumps(measure(arguments.name, arguments.python, members, core)))
    except (RuntimeError, OSError, AssertionError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measure(name: str, python: str, members: list[str], core: int | None) -> Figures:
    """Start a gateway and measure requests, then streams, then memory; the first of each kind warm it up."""
    with tempfile.TemporaryDirectory() as folder:
        gateway, port, output = GATEWAYS[name], free_port(), Path(folder, "output")
        launch = gateway.launch(Path(folder), port, members)
        with started([python, *launch.arguments], launch.environ, output, core=core) as process:
            wait_until_ready(process, f"http://127.0.0.1:{port}{gateway.ready_path}", output)
            looked_at = Process(process.pid)
            idle_rss_mb = looked_at.rss_mb()
            _cost(looked_at, port, replace(REQUESTS, most=100))
            before = [n_served(member) for member in members]
            requests = _cost(looked_at, port, REQUESTS)
            served = [n_served(member) - n for member, n in zip(members, before, strict=True)]
            assert min(served) > 0, f"the members answered {served} requests; there is no pool"
            _cost(looked_at, port, replace(STREAMS, most=5, concurrency=5))
            streams, paced = _cost(looked_at, port, STREAMS), _cost(looked_at, port, PACED_STREAMS)
            return {
                "requests_per_s": requests.n_requests / requests.cpu_s,
                "measured_requests_per_s": requests.n_requests / requests.wall_s,
                "cpu_ms_per_request": 1e3 * requests.cpu_s / requests.n_requests,
                "cpu_us_per_chunk": streams.cpu_us_per_chunk,
                "cpu_us_per_paced_chunk": paced.cpu_us_per_chunk,
                "upstream_calls_per_request": sum(served) / requests.n_requests,
                "idle_rss_mb": idle_rss_mb,
                "rss_mb": looked_at.rss_mb(),
            }


def _cost(process: Process, port: int, kind: Kind) -> Cost:
    load = Load(port, kind, LIMIT_S)
    cpu_s = process.cpu_s()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(load.run())
    return Cost(load.n_done, process.cpu_s() - cpu_s, load.wall_s)


def _own_core() -> int | None:
    """Leave a core to the gateway: this process keeps off it, and so does what it starts."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    os.sched_setaffinity(0, set(cores[1:]))
    return cores[0]


if __name__ == "__main__":
    sys.exit(main())
