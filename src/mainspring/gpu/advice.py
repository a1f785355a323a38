"""What to change so that it fits, each change computed anew.

Keeps true: no advice is canned. A change is listed only if it saves memory, with the bytes it saves on the fullest
GPU and whether the whole then fits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mainspring.gpu.catalog import list_gpus
from mainspring.gpu.fit import Ask, Room, best_split, gpu_counts, measure, most_that_fits, with_amount
from mainspring.gpu.serving import Workload
from mainspring.gpu.shape import Shape
from mainspring.gpu.split import Split
from mainspring.gpu.training import TrainingJob


@dataclass(frozen=True, slots=True)
class Advice:
    """One change and what it brings."""

    change: str
    """What to do, in a few words."""
    saves_bytes: int
    """What the fullest GPU's likely figure falls by; 0 for a larger GPU, which saves nothing but fits."""
    then_fits: bool
    """Whether even the high bound fits afterwards."""


@dataclass(frozen=True, slots=True)
class _Try:
    change: str
    ask: Ask
    split: Split


def advise(shape: Shape, ask: Ask, split: Split, room: Room, *, more_gpus: bool = True) -> tuple[Advice, ...]:
    """List the changes that save memory on this split, those that make it fit first, then by what they save.

    Args:
        shape: The model.
        ask: What it is to do.
        split: The division that is too small for it.
        room: The GPU and its usable share.
        more_gpus: Also try the next larger count.
    """
    before = measure(shape, ask, split).total.likely_bytes
    found = []
    attempts = [*_changes(shape, ask, split, room), *(_wider(shape, ask, split, room) if more_gpus else ())]
    for attempt in attempts:
        breakdown = measure(shape, attempt.ask, attempt.split)
        saves = before - breakdown.total.likely_bytes
        if saves > 0:
            found.append(Advice(attempt.change, saves, room.verdict(breakdown) == "fits"))
    found.sort(key=lambda advice: (not advice.then_fits, -advice.saves_bytes))
    return (*found, *_larger_gpu(shape, ask, split, room))


def _changes(shape: Shape, ask: Ask, split: Split, room: Room) -> Iterator[_Try]:
    serving = isinstance(ask, Workload)
    for change, changed in _serving(ask) if isinstance(ask, Workload) else _training(ask):
        yield _Try(change, changed, split)
    most = most_that_fits(shape, ask, split, room)
    if 0 < most < (ask.n_users if isinstance(ask, Workload) else ask.micro_batch):
        plural = "" if most == 1 else "s"
        words = f"{most} user{plural} at once" if serving else f"{most} sequence{plural} in a micro-batch"
        yield _Try(words, with_amount(ask, most), split)


def _wider(shape: Shape, ask: Ask, split: Split, room: Room) -> Iterator[_Try]:
    more = next((count for count in gpu_counts(room.gpu) if count > split.n_gpus), None)
    wider = None if more is None else best_split(shape, ask, room, more)
    if wider is not None:
        yield _Try(f"{more} GPUs instead of {split.n_gpus} ({wider.words()})", ask, wider)


def _serving(ask: Workload) -> Iterator[tuple[str, Ask]]:
    wide = {"bf16", "fp16", "fp32"}
    if ask.kv_dtype in wide:
        yield "KV cache in fp8", replace(ask, kv_dtype="fp8")
    if ask.dtype in wide:
        yield "weights in fp8", replace(ask, dtype="fp8")
    if ask.dtype in {*wide, "fp8", "int8", "q8_0"}:
        yield "weights in 4 bits (AWQ)", replace(ask, dtype="awq")
    if ask.kv_dtype in wide and ask.dtype in wide:
        yield "weights and KV cache in fp8", replace(ask, dtype="fp8", kv_dtype="fp8")
    if ask.context_tokens > 1:
        half = ask.context_tokens // 2
        yield f"context of {half:,} tokens", replace(ask, context_tokens=half)
    if ask.chunk_tokens > 2048:
        yield "prefill in chunks of 2,048 tokens", replace(ask, chunk_tokens=2048)


def _training(ask: TrainingJob) -> Iterator[tuple[str, Ask]]:
    yield "full gradient checkpointing", replace(ask, checkpointing="full")
    yield "flash attention", replace(ask, flash_attention=True)
    yield "fused, chunked cross-entropy", replace(ask, chunked_logits=True)
    yield "AdamW with 8-bit states", replace(ask, optimizer="adamw-8bit")
    yield "pure bf16, no master weights", replace(ask, precision="bf16")
    yield "ZeRO stage 3 (FSDP)", replace(ask, zero_stage=3)
    yield "LoRA instead of all weights", replace(ask, method="lora")
    yield "QLoRA", replace(ask, method="qlora")
    if ask.sequence_tokens > 1:
        half = ask.sequence_tokens // 2
        yield f"sequences of {half:,} tokens", replace(ask, sequence_tokens=half)


def _larger_gpu(shape: Shape, ask: Ask, split: Split, room: Room) -> tuple[Advice, ...]:
    """Name the smallest GPU of the catalog that holds the same split."""
    breakdown = measure(shape, ask, split)
    larger = sorted(
        (gpu for gpu in list_gpus() if gpu.memory_bytes > room.gpu.memory_bytes and gpu.per_server >= split.tensor),
        key=lambda gpu: gpu.memory_bytes,
    )
    for gpu in larger:
        if Room(gpu, room.usable_share).verdict(breakdown) == "fits":
            return (Advice(f"the same number of {gpu.name}", 0, then_fits=True),)
    return ()
