"""How much arithmetic a job is, and how long a machine takes over it.

A token costs 2 FLOPs a parameter on its way forward, 2 backward for what comes before, and 2 more for the weights
that are moved: 6 N for all of them, about 4 N for adapters (Kaplan et al., 2001.08361; LoRA, 2106.09685). Attention
adds 4 x width x tokens of the row a layer forward, and twice that backward. The head is computed at learnt tokens
alone.
"""

from typing import Final

from mainspring.gpu import Shape
from mainspring.gpu.shape import Attention, Latent
from mainspring.gpu.tensors import layers_of
from mainspring.train.job import Job
from mainspring.train.planning.hardware import Hardware
from mainspring.train.planning.memory import trained_parameter_count
from mainspring.train.planning.tokens import Load

CPU_SHARE: Final = 0.55
"""Of a core's rate in large matrices that training reaches; 0.56 measured of adapters on a model of 135 million
parameters (benchmarks/train.py)."""
GPU_SHARE: Final = 0.35
"""Of a GPU's stated rate; published: 0.33 to 0.39 for 8B in bf16 under FSDP on H100."""


def epoch_flops(shape: Shape, job: Job, load: Load) -> float:
    """Count the FLOPs of an epoch, forward and backward."""
    n_linear = sum(tensor.n_params for layer in layers_of(shape) for tensor in layer if tensor.is_linear)
    n_head = shape.hidden * shape.vocab
    passes = 3 if job.method == "full" else 2
    again = 1 if job.activation_checkpointing else 0
    adapters = 0 if job.method == "full" else 6 * trained_parameter_count(shape, job)
    mean_row_tokens = load.tokens / max(1, load.packed_rows)
    attention = 4.0 * _attention_width(shape) * mean_row_tokens * (3 + again)
    per_token = 2.0 * n_linear * (passes + again) + adapters + attention
    return per_token * load.tokens + 2.0 * n_head * passes * load.learnt_tokens


def job_flops(shape: Shape, job: Job, load: Load) -> float:
    """Count the FLOPs of all steps of a job."""
    rows = min(load.steps(job) * load.rows_per_step(job), max(1, round(job.epochs * load.packed_rows)))
    return epoch_flops(shape, job, load) * rows / max(1, load.packed_rows)


def cpu_seconds(flops: float, job: Job, hardware: Hardware) -> float:
    """Tell how long this machine takes; a process computes on one core."""
    return flops / (hardware.core_flops * CPU_SHARE * min(job.processes, hardware.cores))


def _attention_width(shape: Shape) -> float:
    """Sum the width of all heads over the layers that attend."""
    width = 0.0
    for layer in shape.layers:
        match layer.mixer:
            case Attention() as mixer:
                width += mixer.n_heads * mixer.head_dim
            case Latent() as mixer:
                width += mixer.n_heads * (mixer.nope_dim + mixer.rope_dim + mixer.v_dim) / 2
            case _:
                pass
    return width
