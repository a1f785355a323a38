"""How high the learning rate is at a step, and how the steps and rows of a run follow from its job.

All of it is a function of the step alone, so that a run that goes on needs nothing but the number of steps done.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mainspring.train.engine.packing import PackedRow
from mainspring.train.job import Job


def rate(job: Job, step: int, steps: int) -> float:
    """Give the learning rate of a step, counted from 1: a linear warm-up, then a cosine."""
    warmup = round(job.optimization.warmup_share * steps)
    if step <= warmup:
        return job.highest_rate * step / warmup
    done = (step - warmup) / max(1, steps - warmup)
    share = job.optimization.final_share
    return job.highest_rate * (share + (1 - share) * 0.5 * (1 + math.cos(math.pi * done)))


@dataclass(frozen=True)
class Schedule:
    """Which rows are learnt from at which step, in any number of processes.

    Rows come in one stream, each epoch in an order of its own; a step takes as many as hold `batch_tokens`, and no
    more than there are. An epoch may end within a step, so that all steps but the last are of one size.
    """

    job: Job
    rows: Sequence[PackedRow]

    @cached_property
    def rows_per_step(self) -> int:
        """How many packed rows a step takes, over all processes."""
        mean_tokens = sum(len(row.ids_T) for row in self.rows) / len(self.rows)
        return min(len(self.rows), max(1, round(self.job.batch_tokens / mean_tokens)))

    @cached_property
    def steps(self) -> int:
        """How many steps there are in all."""
        steps = math.ceil(self._stream_rows / self.rows_per_step)
        return min(steps, self.job.max_steps or steps)

    def epoch(self, step: int) -> float:
        """Give the epochs that are done after a step."""
        return min(step * self.rows_per_step, self._stream_rows) / len(self.rows)

    def batch(self, step: int) -> list[PackedRow]:
        """Give the rows of a step, counted from 1."""
        first = (step - 1) * self.rows_per_step
        last = min(first + self.rows_per_step, self._stream_rows)
        epochs_and_places = [divmod(place, len(self.rows)) for place in range(first, last)]
        return [
            self.rows[_order(self.job.seed, epoch, len(self.rows))[place]] for epoch, place in epochs_and_places
        ]

    @cached_property
    def _stream_rows(self) -> int:
        return max(1, round(self.job.epochs * len(self.rows)))


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, n_rows: int) -> list[int]:
    """Give the order of rows in an epoch."""
    order = list(range(n_rows))
    random.Random(f"{seed}:{epoch}").shuffle(order)  # noqa: S311 - the seed is what makes the order the same again
    return order


def deal(rows: Sequence[PackedRow], *, rank: int, processes: int) -> list[PackedRow | None]:
    """Give the rows that one process computes; all get equally many, some of them None.

    Rows go to processes by falling length, there and back, so that none waits long for another. Which process
    computes a row changes no figure but by rounding.
    """
    falling = sorted(rows, key=lambda row: -len(row.ids_T))
    turns = math.ceil(len(falling) / processes)
    mine: list[PackedRow | None] = []
    for turn in range(turns):
        place = turn * processes + (rank if turn % 2 == 0 else processes - 1 - rank)
        mine.append(falling[place] if place < len(falling) else None)
    return mine
