"""The rows of a run as TRL takes them: one stream, in the order of the native loop, already tokens and labels.

TRL gives each process every n-th row, one at a time, and moves the weights after as many as a step has. So a step
is of so many rows that they divide over the processes; TRL fills the last one up with the stream's first rows.
"""

import math
from dataclasses import dataclass
from typing import Final

from mainspring.train.engine.packing import PackedRow
from mainspring.train.engine.schedule import Schedule
from mainspring.train.job import Job

_NOT_LEARNT: Final = -100
"""The label of a token that does not count, as torch has it."""


@dataclass(frozen=True, slots=True)
class Stream:
    """All rows that are learnt from, in their order, each as often as there are epochs."""

    rows: list[PackedRow]
    rows_per_step: int
    """Over all processes."""
    rows_per_epoch: int

    @property
    def steps(self) -> int:
        """How many steps there are in all."""
        return math.ceil(len(self.rows) / self.rows_per_step)

    def batch(self, step: int) -> list[PackedRow]:
        """Give the rows of a step, counted from 1."""
        return self.rows[(step - 1) * self.rows_per_step : step * self.rows_per_step]

    def epoch(self, step: int) -> float:
        """Give the epochs that are done after a step."""
        return min(step * self.rows_per_step, len(self.rows)) / self.rows_per_epoch


def stream_of(job: Job, rows: list[PackedRow], processes: int) -> Stream:
    """Put rows into the order in which they are learnt."""
    schedule = Schedule(job, rows)
    ordered = [row for step in range(1, schedule.steps + 1) for row in schedule.batch(step)]
    rows_per_step = processes * max(1, round(schedule.rows_per_step / processes))
    if job.max_steps is not None:
        ordered = ordered[: job.max_steps * rows_per_step]
    return Stream(ordered, rows_per_step, len(rows))


def columns(stream: Stream) -> dict[str, list[list[int]]]:
    """Give the stream as the columns of a prepared dataset."""
    return {
        "input_ids": [row.ids_T.tolist() for row in stream.rows],
        "labels": [_labels(row) for row in stream.rows],
        "seq_lengths": [[len(path) for path in row.paths] for row in stream.rows],
    }


def _labels(row: PackedRow) -> list[int]:
    """Give each token of a row that is learnt as its own label: TRL looks one place ahead itself."""
    labels = [_NOT_LEARNT] * len(row.ids_T)
    for place, target in zip(row.at_N.tolist(), row.targets_N.tolist(), strict=True):
        labels[place + 1] = target
    return labels
