"""What a reader of a plan should know besides the bytes: contexts, slow links, copied caches, doubtful sizes."""

from collections.abc import Iterator

from mainspring.gpu.cache import kv_bytes_per_sequence, whole_window_bytes
from mainspring.gpu.fit import Ask, Room
from mainspring.gpu.interval import GIB
from mainspring.gpu.rope import scaling_words, what_reaches
from mainspring.gpu.serving import Workload
from mainspring.gpu.shape import Attention, Shape
from mainspring.gpu.split import Split, has_latent
from mainspring.gpu.training import TrainingJob


def notes_for(shape: Shape, ask: Ask, room: Room, split: Split) -> Iterator[str]:
    """Yield one sentence for each thing worth knowing."""
    yield from shape.notes
    yield from context_notes(shape, ask)
    yield from _hardware(shape, room, split)
    if isinstance(ask, Workload) and "sliding" in shape.mixers():
        held = kv_bytes_per_sequence(shape, ask.context_tokens, ask.kv_dtype).likely_bytes
        extra = whole_window_bytes(shape, ask.context_tokens, ask.kv_dtype) - held
        if extra > 0:
            yield f"an engine that keeps sliding layers whole needs {extra / GIB:.1f} GiB more for each user"
    if isinstance(ask, TrainingJob) and ask.method != "full" and ask.targets == "all" and shape.n_experts:
        yield "LoRA leaves the routed experts alone unless its targets are 'all and experts'"


def context_notes(shape: Shape, ask: Ask) -> Iterator[str]:
    """Yield a sentence where the context that is asked for is beyond what the model was trained on."""
    n_tokens = ask.context_tokens if isinstance(ask, Workload) else ask.sequence_tokens
    if n_tokens > shape.max_context:
        yield f"{n_tokens:,} tokens exceed the model's {shape.max_context:,}; {what_reaches(shape, n_tokens)}"
    elif n_tokens > shape.native_context:
        yield (
            f"beyond {shape.native_context:,} tokens the model relies on {scaling_words(shape)}, "
            f"which reaches {shape.max_context:,}"
        )


def _hardware(shape: Shape, room: Room, split: Split) -> Iterator[str]:
    gpu = room.gpu
    if split.tensor > gpu.nvlink:
        yield f"tensor parallelism {split.tensor} crosses PCIe on {gpu.name}, which is slow"
    if has_latent(shape) and split.tensor > 1:
        yield "the latent cache serves all heads, so tensor parallelism copies it instead of dividing it"
    elif split.tensor > shape.n_kv_heads and any(isinstance(layer.mixer, Attention) for layer in shape.layers):
        yield f"with {shape.n_kv_heads} KV heads, tensor parallelism {split.tensor} copies part of the cache"
    if gpu.counted_by != "cuda":
        yield f"the memory of {gpu.name} is the {gpu.counted_by}'s figure; a program sees about 1 % less"
