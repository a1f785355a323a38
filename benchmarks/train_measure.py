"""Runs a job of training in processes of its own, and reads what its steps took."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.environments import QUIET, ROOT
from mainspring.train import Job
from mainspring.train.folder import RunFolder
from mainspring.train.launching import plan_folder, prepare
from mainspring.train.metrics import Started, Step, read_metrics


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took, its start not counted."""

    wall_s: float
    cpu_s: float
    """Of the process that took the most."""
    start_s: float
    """From the command to the first step, the imports of the libraries included."""
    start_cpu_s: float
    tokens: int
    """Of the conversations one by one, over all steps: the work that a user wants done."""
    packed_tokens: int
    rows: int
    """Conversations, over all steps."""
    peak_mb: float
    planned_mb: float

    def figures(self) -> dict[str, float]:
        """Give the rates."""
        return {
            "tokens_per_s": round(self.tokens / self.wall_s, 1),
            "tokens_per_cpu_s": round(self.tokens / self.cpu_s, 1),
            "rows_per_s": round(self.rows / self.wall_s, 3),
            "rows_per_cpu_s": round(self.rows / self.cpu_s, 3),
            "packed_tokens_per_s": round(self.packed_tokens / self.wall_s, 1),
            "packed_tokens_per_cpu_s": round(self.packed_tokens / self.cpu_s, 1),
        }


def run(job: Job, *, stops: bool = False) -> Taken:
    """Train a job of which every step has all rows; with `stops` only to its first checkpoint.

    Args:
        job: What is trained; a folder that holds steps of it goes on.
        stops: Whether it is ended when the first checkpoint is whole.
    """
    folder = prepare(job)
    for old in folder.path.glob("taken-*.jsonl"):
        old.unlink()
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={job.processes}"]
    command = [sys.executable, *launcher, "-m", "benchmarks.train_worker", str(folder.path)]
    environ = {**os.environ, **QUIET, "OMP_NUM_THREADS": "1", "BENCHMARK_BEGAN": f"{time.time()}"}
    environ |= {"BENCHMARK_STOPS": "saved"} if stops else {}
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if ended.returncode and not stops:
        raise RuntimeError(f"{folder.path}: the engine ended with {ended.returncode}\n{ended.stderr[-2000:]}")
    return _taken(folder)


def _taken(folder: RunFolder) -> Taken:
    """Read what the processes wrote of themselves."""
    ranks = [
        [json.loads(line) for line in path.read_text().splitlines()] for path in folder.path.glob("taken-*.jsonl")
    ]
    steps = [[(a, b) for a, b in pairwise(lines) if b["kind"] == "step"] for lines in ranks]
    lines = [*read_metrics(folder.metrics)]
    started = next(line for line in reversed(lines) if isinstance(line, Started))
    done = [line for line in lines if isinstance(line, Step) and line.step > started.step]
    return Taken(
        wall_s=max(sum(b["wall_s"] - a["wall_s"] for a, b in pairs) for pairs in steps),
        cpu_s=max(sum(b["cpu_s"] - a["cpu_s"] for a, b in pairs) for pairs in steps),
        start_s=max(lines[0]["wall_s"] for lines in ranks),
        start_cpu_s=max(lines[0]["cpu_s"] for lines in ranks),
        tokens=started.unpacked_tokens * len(done),
        packed_tokens=started.tokens * len(done),
        rows=started.rows * len(done),
        peak_mb=max(line.peak_memory_mb for line in done),
        planned_mb=plan_folder(folder).process_mb,
    )
