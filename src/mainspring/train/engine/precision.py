"""What is computed in: bf16 where the hardware has it, fp32 elsewhere.

Weights that are trained are held in fp32 always, and so are their gradients and the optimizer's states: steps of a
small rate are lost in bf16's eight bits.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from mainspring.train.job import Job

Precision = Literal["fp32", "bf16"]


def precision_of(job: Job, device: torch.device) -> Precision:
    """Give what a job is computed in on this hardware."""
    if job.precision != "auto":
        return job.precision
    return "bf16" if _has_bf16(device) else "fp32"


def set_matrix_products(precision: Precision) -> None:
    """Let GPUs take TF32 for what is left in fp32, unless fp32 was asked for."""
    torch.set_float32_matmul_precision("high" if precision == "bf16" else "highest")


def computing(precision: Precision, device: torch.device, *, sharded: bool) -> AbstractContextManager[object]:
    """Compute in a precision; where weights are sharded, what gathers them casts them."""
    if precision == "fp32" or sharded:
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)  # type: ignore[no-any-return]  # untyped where torch is missing


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16") or abilities.get("bf16"))
