"""What one process holds at the peak of a step where it trains on a CPU: everything, as weights are not divided.

Weights that are trained, their gradients and AdamW's moments take 4 + 4 + 8 bytes a parameter (ZeRO, 1910.02054,
section 3.1, in fp32). Activations are linear in tokens and layers (2205.05198, taken apart in `gpu.activations`).
Logits stand at learnt places alone, three times: themselves, their logarithms, their gradients.
"""

from typing import Final

from mainspring.gpu import Shape, lora_parameter_count, parameter_count
from mainspring.gpu.activations import saved_elements
from mainspring.gpu.shape import Attention, Layer
from mainspring.gpu.tensors import layer_tensors
from mainspring.train.job import Job, Value
from mainspring.train.planning.tokens import Load

MIB: Final = 1024**2
_RUNTIME_MB: Final = 360.0
"""The interpreter, torch and transformers, before a weight is read."""
_BUCKET_BYTES: Final = 64 * MIB
"""Gradients on their way to other processes, as the engine puts them together."""
_LOGIT_COPIES: Final = 3
_ADAM_BYTES: Final = 8
_HOLES: Final = 1.78
_AT_WORK: Final = 1.25
"""Layers at work that nothing is kept of."""


class MemoryTerm(Value):
    """One share of a process's memory."""

    name: str
    mb: float
    """Of 1,048,576 bytes."""
    why: str


def trained_parameter_count(shape: Shape, job: Job) -> int:
    """Count the parameters that are moved."""
    if job.method == "full":
        return parameter_count(shape)
    return lora_parameter_count(shape, job.adapter.rank, job.adapter.targets)


def memory_terms(shape: Shape, job: Job, load: Load) -> tuple[MemoryTerm, ...]:
    """Say what one process holds at its fullest.

    Args:
        shape: The base.
        job: The method, precision and checkpointing.
        load: Of which the longest row is held.
    """
    n_all, n_trained = parameter_count(shape), trained_parameter_count(shape, job)
    frozen_bytes = 0 if job.method == "full" else n_all * (2 if job.precision == "bf16" else 4)
    terms = {
        "runtime": (_RUNTIME_MB * MIB, "the interpreter and its libraries"),
        "weights": (frozen_bytes + 4 * n_trained, f"{n_all:,} parameters, {n_trained:,} of them trained"),
        "gradients": (4 * n_trained, "in fp32"),
        "optimizer": (_ADAM_BYTES * n_trained, "two moments of AdamW in fp32"),
        "exchange": (
            min(_BUCKET_BYTES, 4 * n_trained) if job.processes > 1 else 0,
            "gradients on their way to other processes",
        ),
        "activations": (
            activation_bytes(shape, job, load.longest_tokens),
            f"of a row of {load.longest_tokens:,} tokens, kept for the backward pass",
        ),
        "logits": (
            _LOGIT_COPIES * 4.0 * load.most_learnt_tokens * shape.vocab,
            f"{load.most_learnt_tokens:,} learnt tokens by {shape.vocab:,} words",
        ),
    }
    return tuple(MemoryTerm(name=name, mb=size / MIB, why=why) for name, (size, why) in terms.items() if size)


def activation_bytes(shape: Shape, job: Job, n_tokens: int) -> float:
    """Give what a row of so many tokens takes: what is kept for its backward pass, and one layer at work beside it.

    The allocator of Linux's C library does not fill the holes that aligned tensors leave: measured on Llama shapes
    of 4 to 30 layers and 512 to 1,024 tokens, each layer takes `_HOLES` times what it keeps.
    """
    kept = [_layer_elements(layer, shape, job) for layer in shape.layers]
    mask = 5.0 * n_tokens**2 if job.packing != "none" else 0.0
    at_work = _AT_WORK * max(kept)
    if job.activation_checkpointing:
        return 4.0 * n_tokens * (shape.hidden * len(kept) + _HOLES * max(kept) + at_work) + mask
    return 4.0 * n_tokens * (_HOLES * sum(kept) + at_work) + mask


def _layer_elements(layer: Layer, shape: Shape, job: Job) -> float:
    """Count the elements that a layer keeps for a token: those of the formulas, and what is known of its training.

    Keys and values are repeated for each head, and the output of the heads is copied where they are put together.
    """
    saved = saved_elements(layer, shape.hidden)
    elements = saved.copied + saved.divided
    if isinstance(layer.mixer, Attention):
        mixer = layer.mixer
        elements += (3 * mixer.n_heads - 2 * mixer.n_kv_heads) * mixer.head_dim
    if job.method == "full":
        return elements + layer.n_norms * shape.hidden  # a norm's own weight asks for what it was multiplied with
    linears = [tensor for tensor in layer_tensors(layer, shape.hidden, shape.layer_norm) if tensor.is_linear]
    return elements + job.adapter.rank * len(linears)
