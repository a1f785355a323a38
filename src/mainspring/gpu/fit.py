"""Does it fit: the memory that may be used, the splits that may be tried, and the most a split can carry."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from mainspring.core.errors import ConfigError
from mainspring.gpu.catalog import Gpu
from mainspring.gpu.interval import Breakdown
from mainspring.gpu.serving import Workload, serving_breakdown
from mainspring.gpu.shape import Shape
from mainspring.gpu.split import Split, has_latent, is_possible
from mainspring.gpu.training import TrainingJob, training_breakdown

Ask = Workload | TrainingJob
"""What a plan is made for."""
Verdict = Literal["fits", "tight", "too big"]
"""Fits: even the high bound does. Tight: the likely figure does. Too big: not even that."""

_MOST = 65_536
_MAX_SERVERS = 64


@dataclass(frozen=True, slots=True)
class Room:
    """The memory of one GPU that a plan may fill."""

    gpu: Gpu
    usable_share: float = 0.9
    """The share to fill; engines take 0.9 or a little more by default (vLLM's `gpu_memory_utilization`)."""

    def __post_init__(self) -> None:
        if not 0 < self.usable_share <= 1:
            raise ConfigError(f"the usable share of a GPU is {self.usable_share}; it lies between 0 and 1")

    @property
    def usable_bytes(self) -> int:
        """Bytes a plan may fill."""
        return int(self.gpu.memory_bytes * self.usable_share)

    def verdict(self, breakdown: Breakdown) -> Verdict:
        """Judge a breakdown by its bounds."""
        if breakdown.total.high_bytes <= self.usable_bytes:
            return "fits"
        return "tight" if breakdown.total.likely_bytes <= self.usable_bytes else "too big"


def measure(shape: Shape, ask: Ask, split: Split) -> Breakdown:
    """Compute the fullest GPU's breakdown for serving or for training."""
    if isinstance(ask, Workload):
        return serving_breakdown(shape, ask, split)
    return training_breakdown(shape, ask, split)


def with_amount(ask: Ask, amount: int) -> Ask:
    """Give the same ask for another number of users, or of sequences in a micro-batch."""
    if isinstance(ask, Workload):
        return replace(ask, n_users=amount)
    return replace(ask, micro_batch=amount)


def most_that_fits(shape: Shape, ask: Ask, split: Split, room: Room) -> int:
    """Find the most users, or sequences in a micro-batch, whose high bound still fits; 0 if not even one."""

    def fits(amount: int) -> bool:
        return room.verdict(measure(shape, with_amount(ask, amount), split)) == "fits"

    if not fits(1):
        return 0
    low, high = 1, 2
    while high < _MOST and fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def gpu_counts(gpu: Gpu) -> Iterator[int]:
    """Yield the numbers of GPUs worth trying: powers of two within a server, then whole servers."""
    count = 1
    while count < gpu.per_server:
        yield count
        count *= 2
    yield from range(gpu.per_server, (_MAX_SERVERS + 1) * gpu.per_server, gpu.per_server)


def possible_splits(shape: Shape, ask: Ask, gpu: Gpu, n_gpus: int) -> list[Split]:
    """List the ways to use exactly `n_gpus`, the preferred ones first.

    Serving prefers tensor parallelism, then replicas, then pipeline stages. Training prefers data parallelism,
    which ZeRO divides by. Tensor parallelism stays within a server. A model that keeps one latent for all heads
    may also copy attention and share out whole experts.
    """
    splits: list[Split] = []
    for tensor in (degree for degree in (1, 2, 4, 8) if degree <= gpu.per_server and n_gpus % degree == 0):
        rest = n_gpus // tensor
        stages = (degree for degree in range(1, rest + 1) if rest % degree == 0)
        splits.extend(Split(tensor, pipeline, replicas=rest // pipeline) for pipeline in stages)
    if n_gpus > 1 and shape.n_experts and has_latent(shape):
        splits.append(Split(expert=n_gpus))
    if isinstance(ask, Workload):
        splits.sort(key=lambda s: (s.pipeline, s.replicas, s.expert))
    else:
        splits.sort(key=lambda s: (s.pipeline, s.tensor, s.expert))
    return [split for split in splits if is_possible(shape, split)]


def best_split(shape: Shape, ask: Ask, room: Room, n_gpus: int) -> Split | None:
    """Choose the first split that fits, or else the one that comes nearest; None if none is possible."""
    nearest: tuple[int, Split] | None = None
    for split in possible_splits(shape, ask, room.gpu, n_gpus):
        breakdown = measure(shape, ask, split)
        if room.verdict(breakdown) == "fits":
            return split
        if nearest is None or breakdown.total.high_bytes < nearest[0]:
            nearest = (breakdown.total.high_bytes, split)
    return nearest[1] if nearest else None
