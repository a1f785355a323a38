"""Measures one contender of `journal.py` in this process and prints its figures as JSON.

`python -m benchmarks.journal_measure NAME` is what `journal.py` starts, with the interpreter in which the contender
is installed; it needs nothing but the standard library and the contender. Every answer, the number of effects that
are kept and the number of pages that were read are checked, so that a contender that keeps nothing, takes a short
cut or does something twice is an error and not a good figure.

CPU is that of this whole process, its threads included. A run of N steps has 2 N + 1 effects, and its cost is
divided by that.
"""

import argparse
import asyncio
import importlib
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.journal_contender import ANSWER, Contender, Kept, n_pages_read

N_STEPS = 20
SAMPLE_CPU_S = 0.5
"""Runs are repeated until this much CPU is spent; the median of the repetitions counts."""
SIZES = {10: 20, 200: 1}
"""Steps of a run, and how many such runs are put into one file: as much content in short runs as in a long one."""

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """What some runs took."""

    cpu_s: float
    wall_s: float


async def measure(contender: Contender) -> Figures:
    """Measure runs at once, then sizes, then what it takes to go on, where there is that to measure."""
    figures: Figures = {}
    for n_runs in contender.n_runs:
        figures[f"c{n_runs}"] = await at_once(contender, n_runs)
    if contender.file is not None:
        for n_steps, n_runs in SIZES.items():
            figures[f"bytes_per_step_{n_steps}"] = await bytes_per_step(contender, contender.file, n_steps, n_runs)
    if contender.resume is not None:
        with tempfile.TemporaryDirectory() as folder:
            figures |= await contender.resume(Path(folder))
    return figures


async def at_once(contender: Contender, n_runs: int) -> dict[str, float]:
    """Measure so many runs at once, the first of a process and of a store not counted."""
    costs: list[Cost] = []
    with tempfile.TemporaryDirectory() as folder:
        async with contender.opened(Path(folder)) as kept:
            await runs(kept, ["warm"], N_STEPS)
            while sum(cost.cpu_s for cost in costs) < SAMPLE_CPU_S:
                names = [f"run_{len(costs)}_{index}" for index in range(n_runs)]
                costs.append(await runs(kept, names, N_STEPS))
    n_effects = n_runs * (2 * N_STEPS + 1)
    return {
        "cpu_ms_per_effect": 1000 * statistics.median(cost.cpu_s for cost in costs) / n_effects,
        "least_cpu_ms_per_effect": 1000 * min(cost.cpu_s for cost in costs) / n_effects,
        "effects_per_s": n_effects / statistics.median(cost.wall_s for cost in costs),
    }


async def bytes_per_step(contender: Contender, file: str, n_steps: int, n_runs: int) -> float:
    """Measure by how much a file grows, from an empty store that was closed to a full one that was closed."""
    with tempfile.TemporaryDirectory() as empty:
        async with contender.opened(Path(empty)):
            pass
        n_empty_bytes = closed_bytes(Path(empty, file))
    with tempfile.TemporaryDirectory() as folder:
        async with contender.opened(Path(folder)) as kept:
            for index in range(n_runs):
                await runs(kept, [f"size_{index}"], n_steps)
        return (closed_bytes(Path(folder, file)) - n_empty_bytes) / (n_steps * n_runs)


def closed_bytes(file: Path) -> int:
    """Give the size of a store that was closed: everything is in its one file."""
    (only,) = file.parent.iterdir()
    assert only == file, f"the store left {only.name!r}, not {file.name!r}"
    return file.stat().st_size


async def runs(kept: Kept, names: Sequence[str], n_steps: int) -> Cost:
    """Make runs at once, check them, and say what they took without the checks."""
    n_read = n_pages_read()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    answers = await asyncio.gather(*(kept.run(name, n_steps) for name in names))
    cost = Cost(time.process_time() - cpu_s, time.perf_counter() - wall_s)
    assert answers == [ANSWER] * len(names), f"the answers are {set(answers)}, not {ANSWER!r}"
    n_read = n_pages_read() - n_read
    assert n_read == len(names) * n_steps, f"{n_read} pages were read where {len(names) * n_steps} are needed"
    for name in names:
        n_effects = await kept.n_effects(name)
        assert n_effects == 2 * n_steps + 1, f"{n_effects} effects of {name} are kept, not {2 * n_steps + 1}"
    return cost


def main() -> None:
    """Measure the contender named on the command line."""
    parser = argparse.ArgumentParser(description="Measure one contender of journal.py.")
    parser.add_argument("name", help="a module of benchmarks.journal_contenders")
    contender = importlib.import_module(f"benchmarks.journal_contenders.{parser.parse_args().name}").CONTENDER
    print(json.dumps(asyncio.run(measure(contender))))


if __name__ == "__main__":
    main()
