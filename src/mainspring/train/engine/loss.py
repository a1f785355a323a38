"""The loss: cross-entropy in fp32, over the learnt tokens alone.

Legend: T tokens of a packed row, N learnt tokens of it, V the vocabulary.
"""
# ruff: noqa: N806 - names of tensors carry their shapes

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from mainspring.train.engine.packing import PackedRow

_NOTHING = PackedRow(
    ids_T=np.zeros(1, dtype=np.int64),
    positions_T=np.zeros(1, dtype=np.int64),
    at_N=np.zeros(1, dtype=np.int64),
    targets_N=np.zeros(1, dtype=np.int64),
    counts_N=np.zeros(1, dtype=np.int64),
    paths=(np.zeros(1, dtype=np.int64),),
)
"""What a process computes that has no row left while others have one: all take part in what they do together."""


def loss_sum(model: Any, row: PackedRow | None, device: torch.device) -> torch.Tensor:
    """Give the sum of a row's losses in nats, each counted as often as its token occurs.

    Logits are computed at the N places before learnt tokens only. No cache is kept: a model that fills one takes
    packed conversations for one.
    """
    row = row or _NOTHING

    def tensor(values: Any) -> torch.Tensor:
        return torch.from_numpy(values).to(device)

    mask_TT = row.mask_TT()
    logits_NV = model(
        input_ids=tensor(row.ids_T)[None],
        position_ids=tensor(row.positions_T)[None],
        attention_mask=None if mask_TT is None else tensor(mask_TT)[None, None],
        logits_to_keep=tensor(row.at_N),
        use_cache=False,
    ).logits[0]
    losses_N = F.cross_entropy(logits_NV.float(), tensor(row.targets_N), reduction="none")
    return (losses_N * tensor(row.counts_N)).sum()
