"""What one GPU holds while it trains: weights, gradients, optimizer states, activations, logits, runtime.

Sources: ZeRO (1910.02054, section 3.1) for the states and their division; Korthikanti et al. (2205.05198) for
activations and checkpointing; LoRA (2106.09685); QLoRA (2305.14314).
"""

from dataclasses import dataclass
from typing import Literal

from mainspring.core.errors import ConfigError
from mainspring.gpu.activations import saved_elements, score_bytes
from mainspring.gpu.interval import NOTHING, Breakdown, Interval, Term, total
from mainspring.gpu.optimizers import Optimizer, Precision, gradient_bytes, master_bytes, state_bytes
from mainspring.gpu.serving import COLLECTIVES, CUDA_CONTEXT
from mainspring.gpu.shape import Layer, Shape
from mainspring.gpu.split import Split, check_split, stage_layers
from mainspring.gpu.tensors import Tensor, embedding_tensors, head_tensors, layer_tensors
from mainspring.gpu.weights import stage_weight_bytes

Targets = Literal["all", "attention", "all and experts"]


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """How a model is trained."""

    method: Literal["full", "lora", "qlora"] = "full"
    optimizer: Optimizer = "adamw"
    precision: Precision = "mixed"
    """"mixed" keeps an fp32 master copy of trained weights, "bf16" keeps none."""
    zero_stage: Literal[0, 1, 2, 3] = 0
    """What data-parallel GPUs divide: nothing, optimizer states, gradients too, weights too (FSDP)."""
    micro_batch: int = 1
    """Sequences per GPU and step."""
    sequence_tokens: int = 4096
    rank: int = 16
    """LoRA's r."""
    targets: Targets = "all"
    """Which linears LoRA adapts; routed experts only if asked for."""
    checkpointing: Literal["none", "full"] = "full"
    flash_attention: bool = True
    chunked_logits: bool = False
    """The loss is computed a chunk of tokens at a time (Liger's fused cross-entropy)."""

    def __post_init__(self) -> None:
        for name in ("micro_batch", "sequence_tokens", "rank"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be at least 1")

    @property
    def base_dtype(self) -> str:
        """The format of the weights that are computed with."""
        return "nf4" if self.method == "qlora" else "bf16"


def lora_parameter_count(shape: Shape, rank: int, targets: Targets = "all") -> int:
    """Count LoRA's parameters: `r (d_in + d_out)` for each adapted linear (2106.09685, section 4.1)."""
    return sum(_lora_layer(shape, layer, rank, targets) for layer in shape.layers)


def training_breakdown(shape: Shape, job: TrainingJob, split: Split | None = None) -> Breakdown:
    """Compute what the fullest GPU holds at the peak of a step.

    Args:
        shape: The model.
        job: Method, optimizer, precision, batch.
        split: Parallelism; `replicas` is the data-parallel degree that ZeRO divides by.

    Raises:
        ConfigError: The split cuts through a head, an expert or a layer.
    """
    split = split or Split()
    check_split(shape, split)
    stages = (
        _stage(shape, job, split, stage, n_in_flight=split.pipeline - index)
        for index, stage in enumerate(stage_layers(shape, split))
    )
    return max(stages, key=lambda breakdown: breakdown.total.high_bytes)


def _stage(shape: Shape, job: TrainingJob, split: Split, stage: tuple[int, int], *, n_in_flight: int) -> Breakdown:
    """Sum one pipeline stage; with one-forward-one-backward the first stage keeps the most micro-batches."""
    base = stage_weight_bytes(shape, job.base_dtype, split, stage)
    n_trained, trained = _trained(shape, job, split, stage)
    n = split.replicas
    gradients = gradient_bytes(n_trained, job.precision).times(_share(n, divided=job.zero_stage >= 2))
    states = _share(n, divided=job.zero_stage >= 1)
    activations = _activations(shape, job, split, stage).times(n_in_flight)
    logits = _logits(shape, job, split) if stage[1] == len(shape.layers) else NOTHING
    dynamic = total((gradients, activations, logits))
    adapters = Interval.exact(n_trained * 2) if job.method != "full" else NOTHING
    terms = (
        Term("weights", base.times(_share(n, divided=job.zero_stage >= 3)), f"{job.base_dtype}, {job.method}"),
        Term("adapters", adapters, f"rank {job.rank} on {job.targets} linears: {n_trained:,} parameters"),
        Term("gradients", gradients, f"of {n_trained:,} trained parameters"),
        Term("master weights", master_bytes(n_trained, job.precision).times(states), "fp32 copy"),
        Term(
            "optimizer", state_bytes(trained, n_trained, job.optimizer, job.precision).times(states), job.optimizer
        ),
        Term("gathered layer", _gathered(shape, job, split), "one layer whole, the next one prefetched"),
        Term("activations", activations, f"{job.micro_batch} x {job.sequence_tokens:,} tokens saved for backward"),
        Term("logits", logits, "chunked" if job.chunked_logits else f"{shape.vocab:,} wide, with fp32 copies"),
        Term("allocator slack", Interval.of(0, 0.03 * dynamic.likely_bytes, 0.1 * dynamic.high_bytes), "fragments"),
        Term("CUDA context", CUDA_CONTEXT, "driver, kernels, library workspaces"),
        Term("collectives", COLLECTIVES if split.n_gpus > 1 else NOTHING, "NCCL channels and buckets"),
    )
    return Breakdown(tuple(term for term in terms if term.size.high_bytes))


def _share(n: int, *, divided: bool) -> float:
    return 1 / n if divided else 1.0


def _trained(
    shape: Shape, job: TrainingJob, split: Split, stage: tuple[int, int]
) -> tuple[int, tuple[tuple[Tensor, int], ...]]:
    """Count the trained parameters of a stage, and list the trained matrices with their divisors."""
    layers = shape.layers[stage[0] : stage[1]]
    if job.method != "full":
        return sum(_lora_layer(shape, layer, job.rank, job.targets) for layer in layers), ()
    tensors = [t for layer in layers for t in layer_tensors(layer, shape.hidden, shape.layer_norm)]
    tensors += embedding_tensors(shape) if stage[0] == 0 else ()
    tensors += head_tensors(shape) if stage[1] == len(shape.layers) else ()
    pairs = tuple((tensor, split.divisor(tensor)) for tensor in tensors)
    return sum(-(-tensor.n_params // divisor) for tensor, divisor in pairs), pairs


def _lora_layer(shape: Shape, layer: Layer, rank: int, targets: Targets) -> int:
    return sum(
        rank * (tensor.n_in + tensor.n_out) * tensor.n_copies
        for tensor in layer_tensors(layer, shape.hidden, shape.layer_norm)
        if tensor.is_linear
        and (tensor.cut != "expert" or targets == "all and experts")
        and (targets != "attention" or tensor.part.startswith("attn"))
    )


def _gathered(shape: Shape, job: TrainingJob, split: Split) -> Interval:
    """ZeRO-3 gathers the largest layer, and prefetches the next; QLoRA unpacks one matrix to bf16."""
    layers = [layer_tensors(layer, shape.hidden, shape.layer_norm) for layer in dict.fromkeys(shape.layers)]
    if job.zero_stage == 3 and split.replicas > 1:
        units = [*layers, embedding_tensors(shape), head_tensors(shape)]
        largest = max(sum(2 * t.n_params / split.divisor(t) for t in unit) for unit in units)
        return Interval.of(largest, 2 * largest, 2 * largest)
    if job.method == "qlora":
        return Interval.exact(max(2 * t.n_in * t.n_out / split.divisor(t) for unit in layers for t in unit))
    return NOTHING


def _activations(shape: Shape, job: TrainingJob, split: Split, stage: tuple[int, int]) -> Interval:
    """Sum what is saved for backward; full checkpointing keeps `2 s b h` per layer and redoes one layer.

    Low: fused kernels recompute element-wise steps. Likely: sequence parallelism beside tensor parallelism.
    High: eager norms keep fp32 copies, and tensor parallelism does not divide what enters it.
    """
    n_tokens = job.micro_batch * job.sequence_tokens
    per_layer = [_layer_activations(shape, job, split, layer) for layer in shape.layers[stage[0] : stage[1]]]
    if job.checkpointing == "none":
        return total(per_layer).times(n_tokens)
    largest = max(per_layer, key=lambda size: size.high_bytes)
    boundary = 2 * shape.hidden * len(per_layer)
    kept = Interval.of(boundary / split.tensor, boundary / split.tensor, boundary)
    return (kept + largest).times(n_tokens)


def _layer_activations(shape: Shape, job: TrainingJob, split: Split, layer: Layer) -> Interval:
    saved = saved_elements(layer, shape.hidden)
    scores = 0.0 if job.flash_attention else score_bytes(layer, job.sequence_tokens) / split.tensor
    likely = 2 * (saved.copied + saved.divided) / split.tensor
    high = 2 * (2 * saved.copied + 1.1 * saved.divided / split.tensor)
    return Interval.of(0.75 * likely + scores, likely + scores, high + scores)


def _logits(shape: Shape, job: TrainingJob, split: Split) -> Interval:
    """Loss over the vocabulary: bf16 logits and their fp32 copy (6 bytes), log-softmax (10), gradient (12)."""
    n_tokens = job.micro_batch * job.sequence_tokens
    rows = min(n_tokens, 1024) if job.chunked_logits else n_tokens
    columns = rows * shape.vocab / split.tensor
    return Interval.of(6 * columns, 10 * columns, 12 * columns)
