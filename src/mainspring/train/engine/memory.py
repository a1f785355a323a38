"""The most memory that this process has held so far."""

import sys
from pathlib import Path
from typing import Final

import torch

_MB: Final = 1024 * 1024


def peak_memory_mb(device: torch.device) -> float:
    """Give the peak: of the GPU as its allocator counts it, or resident."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_reserved(device)) / _MB
    # getrusage counts what the parent held when it forked, too; the kernel's own line does not.
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    except (OSError, StopIteration):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (_MB if sys.platform == "darwin" else 1024)
