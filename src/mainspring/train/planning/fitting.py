"""Which GPUs a job fits on, and how long each kind would take; what to change where this machine is too small."""

from collections.abc import Iterator
from dataclasses import replace

from mainspring.core.errors import ConfigError
from mainspring.gpu import GIB, Shape, Split, TrainingJob, compare, training_breakdown
from mainspring.train.job import Job, Value
from mainspring.train.planning.compute import GPU_SHARE
from mainspring.train.planning.hardware import gpu_flops
from mainspring.train.planning.memory import MIB, memory_terms
from mainspring.train.planning.tokens import Load


class GpuFit(Value):
    """How many of a kind of GPU a job needs."""

    name: str
    n_gpus: int
    """The fewest that hold it; of those that were tried the most, where none does."""
    fits: bool
    gib: float
    """What is likely held by each, of 1,073,741,824 bytes."""
    usable_gib: float
    seconds: float | None = None
    """About; None where its rate is not known."""


def gpu_fits(shape: Shape, job: Job, flops: float) -> tuple[GpuFit, ...]:
    """Try the common GPUs; none where a model cannot be divided as they would have it."""
    try:
        rungs = compare(shape, _ask(job))
    except ConfigError:
        return ()
    return tuple(
        GpuFit(
            name=rung.room.gpu.name,
            n_gpus=rung.n_gpus,
            fits=rung.verdict == "fits",
            gib=rung.total.likely_bytes / GIB,
            usable_gib=rung.room.usable_bytes / GIB,
            seconds=None
            if (rate := gpu_flops(rung.room.gpu.name)) is None
            else flops / (rate * GPU_SHARE * rung.n_gpus),
        )
        for rung in rungs
    )


def gpu_mb(shape: Shape, job: Job) -> float | None:
    """Give what each of as many GPUs as a job has processes would likely hold; None where they cannot divide it."""
    try:
        held = training_breakdown(shape, _ask(job), Split(replicas=job.processes))
    except ConfigError:
        return None
    return held.total.likely_bytes / MIB


def advice(shape: Shape, job: Job, load: Load, room_mb: float) -> Iterator[str]:
    """Say which single changes make a job smaller, and which of them are enough.

    Args:
        shape: The base.
        job: The job as it is.
        load: What it learns from.
        room_mb: What there is for all processes.
    """
    before_mb = _all_mb(shape, job, load)
    for words, changed in _changes(job, load):
        shorter = load.longest_tokens > changed.sequence_tokens
        new_load = _shorter(load, changed.sequence_tokens) if shorter else load
        after_mb = _all_mb(shape, changed, new_load)
        if after_mb < 0.97 * before_mb:
            enough = "fits" if after_mb <= room_mb else "not enough alone"
            yield f"{words}: {after_mb:,.0f} MB instead of {before_mb:,.0f}, {enough}"


def _ask(job: Job) -> TrainingJob:
    """Say a job in the words of the GPU room."""
    return TrainingJob(
        method=job.method,
        zero_stage=3 if job.method == "full" or job.parallel == "fsdp" else 0,
        sequence_tokens=job.sequence_tokens,
        rank=job.adapter.rank,
        targets=job.adapter.targets,
        checkpointing="full" if job.activation_checkpointing else "none",
    )


def _changes(job: Job, load: Load) -> Iterator[tuple[str, Job]]:
    if job.processes > 1:
        yield "one process instead of more", job.model_copy(update={"processes": 1})
    if not job.activation_checkpointing:
        yield "activation_checkpointing", job.model_copy(update={"activation_checkpointing": True})
    if job.method == "full":
        yield "method lora", job.model_copy(update={"method": "lora"})
    half = min(job.sequence_tokens, load.longest_tokens) // 2
    if half >= 256:
        yield f"sequence_tokens {half}", job.model_copy(update={"sequence_tokens": half})


def _all_mb(shape: Shape, job: Job, load: Load) -> float:
    return job.processes * sum(term.mb for term in memory_terms(shape, job, load))


def _shorter(load: Load, tokens: int) -> Load:
    share = tokens / load.longest_tokens
    return replace(load, longest_tokens=tokens, most_learnt_tokens=round(load.most_learnt_tokens * share))
