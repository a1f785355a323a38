"""Measures one contender in this process and prints its figures as JSON.

`python -m benchmarks.measure NAME BASE_URL` is what `step_overhead.py` starts, with the interpreter in which the
contender is installed; it needs nothing but the standard library and the contender. CPU is that of this process
alone: the scripted server is another one. Every answer and the number of model calls are checked, so that a
contender that takes a short cut or retries is an error and not a good figure.

A trajectory of N tool steps makes N + 1 model calls, and its cost is divided by N + 1.
"""

import argparse
import asyncio
import importlib
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from benchmarks.contender import Contender

N_RUNS = 200
N_STEPS_CONCURRENT = 5
N_CHUNKS = 500
SAMPLE_CPU_S = 0.4
"""A short trajectory is repeated until this much CPU is spent; the median of the repetitions counts."""

Figures = dict[str, float | dict[str, float]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one piece of work took."""

    cpu_s: float
    wall_s: float


async def measure(contender: Contender, base_url: str, *, delay_ms: int) -> Figures:
    """Measure steps, streaming, concurrency and memory, in that order."""
    await trajectory(contender, "mock-2-0")
    rss_mb = memory_mb("VmRSS")
    figures: Figures = {f"steps_{n}": await steps(contender, base_url, n) for n in (10, 100)}
    if contender.stream is not None:
        figures["stream"] = await stream(contender.stream)
    figures["concurrent_200"] = await concurrent(contender, base_url, delay_ms)
    return {**figures, "idle_rss_mb": rss_mb, "peak_rss_mb": memory_mb("VmHWM")}


async def steps(contender: Contender, base_url: str, n_steps: int) -> dict[str, float]:
    """Measure one step of a trajectory that calls the tool `n_steps` times."""
    model = f"mock-{n_steps}-0"
    before = model_calls(base_url)
    costs = await repeat(lambda: trajectory(contender, model))
    expect_calls(base_url, before, len(costs) * (n_steps + 1))
    return {
        "cpu_ms": 1000 * statistics.median(cost.cpu_s for cost in costs) / (n_steps + 1),
        "wall_ms": 1000 * statistics.median(cost.wall_s for cost in costs) / (n_steps + 1),
    }


async def stream(read: Callable[[str], Awaitable[str]]) -> dict[str, float]:
    """Measure one streamed text chunk, the request that asks for it included."""

    async def once() -> None:
        n_words = len((await read(f"stream-{N_CHUNKS}")).split())
        assert n_words == N_CHUNKS, f"the stream gave {n_words} words of {N_CHUNKS}"

    await once()
    costs = await repeat(once)
    return {"cpu_us_per_chunk": 1e6 * statistics.median(cost.cpu_s for cost in costs) / N_CHUNKS}


async def concurrent(contender: Contender, base_url: str, delay_ms: int) -> dict[str, float]:
    """Measure many runs at once: CPU per step, and steps per second of wall time."""
    model = f"mock-{N_STEPS_CONCURRENT}-{delay_ms}"
    n_model_calls = N_RUNS * (N_STEPS_CONCURRENT + 1)

    async def all_runs() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(N_RUNS):
                group.create_task(trajectory(contender, model))

    before = model_calls(base_url)
    cost = await cost_of(all_runs)
    expect_calls(base_url, before, n_model_calls)
    return {
        "cpu_ms": 1000 * cost.cpu_s / n_model_calls,
        "steps_per_s": n_model_calls / cost.wall_s,
        "runs_per_s": N_RUNS / cost.wall_s,
    }


async def trajectory(contender: Contender, model: str) -> None:
    """Run one trajectory and check its answer."""
    answer = await contender.run(model)
    assert answer == "done", f"the answer is {answer!r}, not 'done'"


async def repeat(work: Callable[[], Awaitable[None]]) -> list[Cost]:
    """Do the work until enough CPU is spent to be measured well, at least once."""
    costs = [await cost_of(work)]
    while sum(cost.cpu_s for cost in costs) < SAMPLE_CPU_S:
        costs.append(await cost_of(work))
    return costs


async def cost_of(work: Callable[[], Awaitable[None]]) -> Cost:
    """Do the work once and say what it took."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    await work()
    return Cost(time.process_time() - cpu_s, time.perf_counter() - wall_s)


def model_calls(base_url: str) -> int:
    """Ask the server how many model calls it has answered so far."""
    with urlopen(base_url.removesuffix("/v1") + "/served") as reply:  # noqa: S310 - our own server
        return int(json.load(reply)["model_calls"])


def expect_calls(base_url: str, before: int, expected: int) -> None:
    """Check that the server has answered as many model calls as the work needs."""
    made = model_calls(base_url) - before
    assert made == expected, f"{made} model calls were made where {expected} are needed"


def memory_mb(field: str) -> float:
    """Read this process's memory from the kernel: `VmRSS` is what it holds, `VmHWM` the most it has held.

    Not `ru_maxrss`, which a process inherits from the one that started it.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"the kernel does not report {field!r}; this benchmark needs Linux")


def main() -> None:
    """Measure the contender named on the command line."""
    parser = argparse.ArgumentParser(description="Measure one contender against a running scripted server.")
    parser.add_argument("name", help="a module of benchmarks.contenders")
    parser.add_argument("base_url", help="where the scripted server listens, ending in /v1")
    parser.add_argument("--delay-ms", type=int, default=0, help="the server's delay while 200 runs are at work")
    arguments = parser.parse_args()
    connect = importlib.import_module(f"benchmarks.contenders.{arguments.name}").connect

    async def measured() -> Figures:
        return await measure(connect(arguments.base_url), arguments.base_url, delay_ms=arguments.delay_ms)

    print(json.dumps(asyncio.run(measured())))


if __name__ == "__main__":
    main()
