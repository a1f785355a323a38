"""Bytes of gradients, master weights and optimizer states for trained parameters.

Sources: ZeRO (1910.02054, section 3.1): mixed-precision Adam takes 2 + 2 + 12 bytes a parameter; 8-bit Adam
(2110.02861); Adafactor (1804.04235).
"""

from collections.abc import Sequence
from typing import Literal

from mainspring.gpu.interval import NOTHING, Interval
from mainspring.gpu.tensors import Tensor

Optimizer = Literal["adamw", "adamw-8bit", "adafactor", "sgd"]
Precision = Literal["mixed", "bf16"]

_BLOCK = 256
"""Parameters that share one fp32 scale in an 8-bit state (bitsandbytes)."""


def gradient_bytes(n_params: int, precision: Precision) -> Interval:
    """Tell the gradients: bf16, or fp32 where mixed precision accumulates (Megatron, FSDP with fp32 reduce)."""
    return Interval.of(2 * n_params, 2 * n_params, (4 if precision == "mixed" else 2) * n_params)


def master_bytes(n_params: int, precision: Precision) -> Interval:
    """Tell the fp32 copy that mixed precision updates."""
    return Interval.exact(4 * n_params) if precision == "mixed" else NOTHING


def state_bytes(
    trained: Sequence[tuple[Tensor, int]], n_params: int, optimizer: Optimizer, precision: Precision
) -> Interval:
    """Tell the optimizer's states.

    AdamW keeps two moments, in fp32 or in the weights' bf16; 8-bit AdamW one byte each and a scale per 256;
    Adafactor a row and a column per matrix in fp32; plain SGD nothing.

    Args:
        trained: Trained matrices with their tensor-parallel divisors; empty for adapters, whose matrices are thin.
        n_params: Trained parameters on this GPU.
        optimizer: Which one.
        precision: Whether moments are fp32 or bf16.
    """
    match optimizer:
        case "adamw":
            return Interval.exact((8 if precision == "mixed" else 4) * n_params)
        case "adamw-8bit":
            size = 2 * (1 + 4 / _BLOCK) * n_params
            return Interval.of(size, size, 1.05 * size)
        case "adafactor":
            thin = 4 * n_params if not trained else 0
            factored = sum(4 * (t.n_in + t.n_out) * t.n_copies / divisor for t, divisor in trained)
            return Interval.of(factored, factored + thin, factored + thin)
        case "sgd":
            return NOTHING
