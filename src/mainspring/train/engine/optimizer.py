"""How weights are moved: AdamW at a rate that is set for each step, gradients held below a norm."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.distributed.tensor import DTensor

from mainspring.train.job import Optimization


def adamw(weights: Mapping[str, torch.nn.Parameter], optimization: Optimization) -> Any:
    """Make the optimizer; only matrices decay."""
    matrices = [one for one in weights.values() if one.ndim > 1]
    rest = [one for one in weights.values() if one.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": optimization.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([one for one in groups if one["params"]], betas=optimization.betas)


def set_rate(optimizer: Any, learning_rate: float) -> None:
    """Set the rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate


def clip(weights: Sequence[torch.nn.Parameter], most: float) -> float:
    """Scale gradients down to a norm, and give the norm that they had."""
    norm = torch.nn.utils.clip_grad_norm_(weights, most)
    return float(norm.full_tensor() if isinstance(norm, DTensor) else norm)
