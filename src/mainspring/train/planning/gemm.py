"""Measures how fast one core multiplies fp32 matrices, and prints it in FLOP/s; run as a file, in a process of its
own.

The number of threads of a BLAS is settled when it is loaded, so that it cannot be measured in a process that has
it.
"""

import os
import time
from typing import Final

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402 - it reads these when it is loaded

_SIZE: Final = 768
_REPEATS: Final = 8


def matrix_flops() -> float:
    """Give the fastest of some products, by the processor time they took: others may be busy on the core, too."""
    a = np.ones((_SIZE, _SIZE), dtype=np.float32)
    b = np.ones((_SIZE, _SIZE), dtype=np.float32)
    fastest_s = float("inf")
    for _ in range(_REPEATS):
        began_s = time.process_time()
        a @ b
        fastest_s = min(fastest_s, time.process_time() - began_s)
    return 2 * _SIZE**3 / fastest_s


if __name__ == "__main__":
    print(matrix_flops())  # noqa: T201 - whoever started it reads it
