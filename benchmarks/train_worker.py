"""The engine with a clock beside it, run by torchrun as the engine is: `-m benchmarks.train_worker RUN_FOLDER`.

Each process writes `taken-RANK.jsonl`: for each line of the run's metrics what wall time has gone by since the time
of the clock in `BENCHMARK_BEGAN`, and what CPU time this process has used. With `BENCHMARK_STOPS=saved` it ends, as
killed, when the first checkpoint is whole.
"""

import json
import os
import sys
import time
from pathlib import Path

from mainspring.train.engine import training, with_trl
from mainspring.train.engine.__main__ import main
from mainspring.train.engine.lines import Lines
from mainspring.train.metrics import Line


class TimedLines(Lines):
    """Lines that are written as ever, and timed in every process."""

    def __init__(self, path: Path, *, writes: bool) -> None:
        super().__init__(path, writes=writes)
        self._taken = path.with_name(f"taken-{os.environ['RANK']}.jsonl").open("a", encoding="utf-8")

    def add(self, line: Line) -> None:
        """Write a line, and what it took."""
        super().add(line)
        wall_s = time.time() - float(os.environ["BENCHMARK_BEGAN"])
        taken = {"kind": line.kind, "step": line.step, "wall_s": wall_s, "cpu_s": time.process_time()}
        self._taken.write(json.dumps(taken) + "\n")
        self._taken.flush()
        if line.kind == "saved" and os.environ.get("BENCHMARK_STOPS") == "saved":
            os._exit(1)


if __name__ == "__main__":
    for trainer in (training, with_trl):
        vars(trainer)["Lines"] = TimedLines  # in the place of its own
    sys.exit(main(Path(sys.argv[1])))
