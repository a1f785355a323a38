"""The processes of a run: who is who, what each computes on, and how they come together.

Sums over processes are taken in the order of ranks, so that the same run gives the same figures to the last digit.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import torch
import torch.distributed as dist

_BUCKET_BYTES: Final = 64 * 1024 * 1024
_PATIENCE: Final = timedelta(minutes=30)
"""How long one process may keep the others waiting, as it does where it writes a checkpoint to a slow disk."""


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those of the run."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes what there is one of."""
        return self.rank == 0

    @property
    def device_name(self) -> str:
        """Say what is computed on."""
        return str(torch.cuda.get_device_name(self.device)) if self.device.type == "cuda" else "cpu"

    def wait(self) -> None:
        """Wait for all."""
        dist.barrier()

    def gather(self, *figures: float) -> list[list[float]]:
        """Give the figures of each process, by rank."""
        mine = torch.tensor(figures, dtype=torch.float64, device=self.device)
        everybodys = [torch.empty_like(mine) for _ in range(self.size)]
        dist.all_gather(everybodys, mine)
        return [one.tolist() for one in everybodys]

    def average_gradients(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Put the mean over processes in the place of each gradient.

        Once a step, in pieces whose order never changes: a reducer that orders them by when they came would round
        otherwise after a resume than before it.
        """
        if self.size == 1:
            return
        for bucket in _buckets([one.grad for one in parameters if one.grad is not None]):
            flat = torch.cat([gradient.reshape(-1) for gradient in bucket])
            dist.all_reduce(flat)
            flat /= self.size
            for gradient, mean in zip(bucket, flat.split([one.numel() for one in bucket]), strict=True):
                gradient.copy_(mean.view_as(gradient))


def join_processes() -> Processes:
    """Meet the other processes that torchrun started."""
    local_rank = int(os.environ["LOCAL_RANK"])
    if torch.cuda.is_available():
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
        dist.init_process_group("cpu:gloo,cuda:nccl", timeout=_PATIENCE, device_id=device)
    else:
        device = torch.device("cpu")
        torch.set_num_threads(
            1
        )  # threads of several processes on the same cores wait for each other more than they help
        dist.init_process_group("gloo", timeout=_PATIENCE)
    return Processes(dist.get_rank(), dist.get_world_size(), device)


def leave_processes() -> None:
    """Part from the others."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _buckets(gradients: Sequence[torch.Tensor]) -> list[list[torch.Tensor]]:
    """Put gradients together that are reduced in one piece."""
    buckets: list[list[torch.Tensor]] = []
    room_bytes = 0
    kind: torch.dtype | None = None
    for gradient in gradients:
        size_bytes = gradient.numel() * gradient.element_size()
        if size_bytes > room_bytes or gradient.dtype != kind:
            buckets.append([])
            room_bytes, kind = _BUCKET_BYTES, gradient.dtype
        buckets[-1].append(gradient)
        room_bytes -= size_bytes
    return buckets
