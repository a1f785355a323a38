"""What there is to train on: cores and memory of this machine with their measured rate, and the rates of GPUs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_GEMM: Final = Path(__file__).with_name("gemm.py")
_WITHIN_S: Final = 30.0
USUAL_CORE_FLOPS: Final = 50e9
"""Taken for a core whose rate is not measured."""

GPU_FLOPS: Final[Mapping[str, float]] = {
    "RTX 4090": 165e12,
    "RTX 5090": 210e12,
    "L4": 121e12,
    "L40S": 362e12,
    "A100": 312e12,
    "H100": 989e12,
    "H200": 989e12,
    "B200": 2250e12,
    "MI300X": 1307e12,
}
"""Dense bf16 products with fp32 sums, as the vendors state them, by the beginning of a GPU's name."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """A machine."""

    cores: int
    memory_bytes: int
    core_flops: float
    """FLOP/s of one core in fp32 matrix products."""
    usd_per_hour: float | None = None
    """What the machine costs; nothing is said of money where it is not known."""


def measure_hardware(*, core_flops: float | None = None, usd_per_hour: float | None = None) -> Hardware:
    """Look at this machine.

    Args:
        core_flops: Its rate, if it need not be measured.
        usd_per_hour: What it costs.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Hardware(cores, _memory_bytes(), core_flops or _measured_flops(), usd_per_hour)


def gpu_flops(name: str) -> float | None:
    """Give a GPU's FLOP/s in dense bf16 matrix products, where they are known."""
    known = [rate for begins, rate in GPU_FLOPS.items() if name.startswith(begins)]
    return known[0] if known else None


def _measured_flops() -> float:
    """Measure in a process of its own; about a tenth of a second beside the start."""
    try:
        said = subprocess.run(  # noqa: S603 - our own interpreter and our own file
            [sys.executable, "-P", str(_GEMM)], capture_output=True, check=True, timeout=_WITHIN_S
        )
        return float(said.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return USUAL_CORE_FLOPS  # numpy is missing


def _memory_bytes() -> int:
    """Give the memory of the machine, or of the container where that may have less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 16 * 1024**3
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            whole = min(whole, int(Path("/sys/fs/cgroup", name).read_text()))
        except (OSError, ValueError):
            continue
    return whole
