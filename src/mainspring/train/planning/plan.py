"""A job's plan: what it learns from, what it holds, how long it takes, where else it would fit."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.gpu import Shape, find_model, parameter_count, read_shape
from mainspring.train.bases import resolve_base
from mainspring.train.folder import Row
from mainspring.train.job import Job, Value
from mainspring.train.planning.compute import cpu_seconds, epoch_flops, job_flops
from mainspring.train.planning.fitting import GpuFit, advice, gpu_fits, gpu_mb
from mainspring.train.planning.hardware import Hardware
from mainspring.train.planning.memory import MIB, MemoryTerm, memory_terms, trained_parameter_count
from mainspring.train.planning.tokens import count_load
from mainspring.train.rows import prepare_rows

USABLE_SHARE: Final = 0.9
"""Of a machine's memory; the rest is others'."""


class TrainingPlan(Value):
    """What a job takes."""

    VERSION: int = 1

    base: str
    method: str
    processes: int
    parameters: int
    trained_parameters: int
    rows: int
    too_long: int
    """Rows that are left out, as they have more tokens than a packed row."""
    packed_rows: int
    tokens: int
    """Of an epoch, as they are packed."""
    learnt_tokens: int
    unpacked_tokens: int
    is_counted: bool
    """Whether the base's tokenizer counted them; guessed from characters otherwise."""
    steps: int
    memory: tuple[MemoryTerm, ...]
    """What one process on this machine's CPU holds at its fullest."""
    machine_mb: float
    gpu_mb: float | None
    """What each of as many GPUs as there are processes would likely hold; None where none can divide the model."""
    flops_per_token: float
    """Of a packed token, forward and backward."""
    flops: float
    seconds: float
    """About, on this machine's CPU."""
    cost_usd: float | None
    gpus: tuple[GpuFit, ...]
    advice: tuple[str, ...]
    """Changes that make it smaller; none where it fits as it is."""

    @property
    def process_mb(self) -> float:
        """What one process holds."""
        return sum(term.mb for term in self.memory)

    @property
    def all_mb(self) -> float:
        """What all processes on this machine hold."""
        return self.process_mb * self.processes

    @property
    def fits(self) -> bool:
        """Whether this machine's memory is enough, and a part of it left over."""
        return self.all_mb <= USABLE_SHARE * self.machine_mb


def plan(job: Job, hardware: Hardware, progress: Callable[[str], None] | None = None) -> TrainingPlan:
    """Tell what a job takes; a base that is not at hand is taken from the catalog of models, if it knows it.

    Args:
        job: The job.
        hardware: This machine.
        progress: Told what is done where that takes a while.

    Raises:
        ConfigError: The data cannot be read, or the base is not known.
    """
    rows = prepare_rows(job).train
    shape, folder = _base(job, progress)
    return plan_rows(job, hardware, shape=shape, rows=rows, folder=folder)


def plan_rows(
    job: Job, hardware: Hardware, *, shape: Shape, rows: Sequence[Row], folder: Path | None
) -> TrainingPlan:
    """Tell what a job takes whose rows are made and whose base is found.

    Args:
        job: The job.
        hardware: This machine.
        shape: The base's.
        rows: What is learnt from.
        folder: The base's, whose tokenizer counts.
    """
    load = count_load(rows, job, folder)
    flops = job_flops(shape, job, load)
    seconds = cpu_seconds(flops, job, hardware)
    memory = memory_terms(shape, job, load)
    machine_mb = hardware.memory_bytes / MIB
    fits = job.processes * sum(term.mb for term in memory) <= USABLE_SHARE * machine_mb
    return TrainingPlan(
        base=job.base,
        method=job.method,
        processes=job.processes,
        parameters=parameter_count(shape),
        trained_parameters=trained_parameter_count(shape, job),
        rows=load.rows,
        too_long=load.too_long,
        packed_rows=load.packed_rows,
        tokens=load.tokens,
        learnt_tokens=load.learnt_tokens,
        unpacked_tokens=load.unpacked_tokens,
        is_counted=load.is_counted,
        steps=load.steps(job),
        memory=memory,
        machine_mb=machine_mb,
        gpu_mb=gpu_mb(shape, job),
        flops_per_token=epoch_flops(shape, job, load) / max(1, load.tokens),
        flops=flops,
        seconds=seconds,
        cost_usd=None if hardware.usd_per_hour is None else hardware.usd_per_hour * seconds / 3600,
        gpus=gpu_fits(shape, job, flops),
        advice=() if fits else tuple(advice(shape, job, load, USABLE_SHARE * machine_mb)),
    )


def _base(job: Job, progress: Callable[[str], None] | None) -> tuple[Shape, Path | None]:
    """Find a base's shape, and its folder where it is at hand."""
    try:
        folder = resolve_base(job.base, progress=progress).folder
    except ConfigError as unresolved:
        try:
            return find_model(job.base), None
        except ConfigError:
            raise unresolved from None
    return read_shape(folder, Path(job.base).name), folder
