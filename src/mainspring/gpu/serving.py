"""What one GPU holds while it serves: weights, KV cache, recurrent state, activations, logits, runtime.

Sources: vLLM's own accounting (`available = total x utilisation - weights - peak activations - other`), with the
peaks computed instead of measured; the runtime's terms are ranges read from engines' start-up logs.
"""

from dataclasses import dataclass, replace

from mainspring.core.errors import ConfigError
from mainspring.gpu.activations import peak_elements
from mainspring.gpu.cache import CacheShare, kv_bytes_per_sequence, state_bytes_per_sequence
from mainspring.gpu.interval import GIB, Breakdown, Interval, Term
from mainspring.gpu.shape import Shape
from mainspring.gpu.split import Split, check_split, stage_layers
from mainspring.gpu.weights import stage_weight_bytes

_MIB = 1024**2
CUDA_CONTEXT = Interval(300 * _MIB, 500 * _MIB, GIB)
"""Driver context, kernels and library workspaces; logs of vLLM show 0.15-0.35 GiB beside the driver's own."""
CUDA_GRAPHS = Interval(100 * _MIB, 600 * _MIB, 3 * GIB // 2)
"""Captured graphs, 6-30 MiB for each batch size; none in eager mode."""
COLLECTIVES = Interval(200 * _MIB, 500 * _MIB, 3 * GIB // 2)
"""NCCL channels and custom all-reduce buffers, on every GPU of a group."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What is asked of a served model."""

    context_tokens: int
    """Prompt and reply of one user, together."""
    n_users: int = 1
    """Sequences in memory at once, each at its full context."""
    dtype: str = "bf16"
    """Format of the weights."""
    kv_dtype: str = "bf16"
    """Type of the KV cache."""
    chunk_tokens: int = 8192
    """Tokens of one prefill step (vLLM's `max_num_batched_tokens`)."""

    def __post_init__(self) -> None:
        for name in ("context_tokens", "n_users", "chunk_tokens"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be at least 1")


def serving_breakdown(shape: Shape, workload: Workload, split: Split | None = None) -> Breakdown:
    """Compute what the fullest GPU holds.

    Args:
        shape: The model.
        workload: Context, users and types.
        split: Degrees of parallelism; one GPU otherwise.

    Raises:
        ConfigError: The split cuts through a head, an expert or a layer, or a type is not known.
    """
    split = split or Split()
    check_split(shape, split)
    stages = (_stage(shape, workload, split, stage) for stage in stage_layers(shape, split))
    return max(stages, key=lambda breakdown: breakdown.total.high_bytes)


def _stage(shape: Shape, workload: Workload, split: Split, stage: tuple[int, int]) -> Breakdown:
    n_users = -(-workload.n_users // split.n_user_groups)
    share = CacheShare(split, stage)
    cache = kv_bytes_per_sequence(
        shape, workload.context_tokens, workload.kv_dtype, share, chunk_tokens=workload.chunk_tokens
    ).times(n_users)
    state = state_bytes_per_sequence(shape, share).times(n_users)
    n_layers = stage[1] - stage[0]
    terms = [
        Term(
            "weights",
            stage_weight_bytes(shape, workload.dtype, split, stage),
            f"{n_layers} of {len(shape.layers)} layers in {workload.dtype}",
        ),
        Term(
            "KV cache",
            cache,
            f"{n_users:,} users at {workload.context_tokens:,} tokens in {workload.kv_dtype}",
        ),
        Term("recurrent state", state, f"constant for each of {n_users:,} users"),
        _activations(shape, replace(workload, n_users=n_users), split, stage),
        Term("CUDA context", CUDA_CONTEXT, "driver, kernels, library workspaces"),
        Term("CUDA graphs", CUDA_GRAPHS, "captured decode steps; none in eager mode"),
    ]
    if stage[1] == len(shape.layers):
        terms.append(_logits(shape, n_users))
    if split.n_gpus > split.replicas:
        terms.append(Term("collectives", COLLECTIVES, f"NCCL and all-reduce buffers for {split.words()}"))
    return Breakdown(tuple(term for term in terms if term.size.high_bytes))


def _activations(shape: Shape, workload: Workload, split: Split, stage: tuple[int, int]) -> Term:
    """Peak of a prefill chunk in 2-byte activations; engines differ in how many buffers they keep alive."""
    n_tokens = min(workload.chunk_tokens, workload.n_users * workload.context_tokens)
    layers = dict.fromkeys(shape.layers[stage[0] : stage[1]])
    peak = 2 * n_tokens * max(peak_elements(layer, shape.hidden, split) for layer in layers)
    return Term("activations", Interval.of(0.6 * peak, peak, 1.5 * peak), f"a prefill chunk of {n_tokens:,} tokens")


def _logits(shape: Shape, n_users: int) -> Term:
    """Rows for sampling: bf16, then an fp32 copy; engines reserve for 256 rows and sort for top-p."""
    size = Interval.of(2 * n_users * shape.vocab, 6 * n_users * shape.vocab, 10 * max(n_users, 256) * shape.vocab)
    return Term("logits", size, f"one row of {shape.vocab:,} for each of {n_users:,} users")
