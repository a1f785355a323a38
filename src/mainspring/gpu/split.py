"""How a model is divided over GPUs, and which divisions are possible.

Keeps true: a split that passed `check_split` divides whole heads, whole experts and whole layers.
"""

from dataclasses import dataclass
from itertools import pairwise

from mainspring.core.errors import ConfigError
from mainspring.gpu.shape import Attention, Dense, Experts, Latent, Shape
from mainspring.gpu.tensors import Tensor


@dataclass(frozen=True, slots=True)
class Split:
    """Degrees of parallelism. One copy of the model takes `max(tensor, expert) x pipeline` GPUs."""

    tensor: int = 1
    """GPUs that share each matrix and each head (Megatron-LM, 1909.08053)."""
    pipeline: int = 1
    """GPUs, or groups of them, that hold consecutive layers."""
    expert: int = 1
    """GPUs that share the routed experts as whole experts; attention is copied where it exceeds `tensor`,
    and each copy serves its own users (data-parallel attention)."""
    replicas: int = 1
    """Copies of the whole model: data parallelism."""

    @property
    def n_gpus(self) -> int:
        """All GPUs together."""
        return max(self.tensor, self.expert) * self.pipeline * self.replicas

    @property
    def n_user_groups(self) -> int:
        """Into how many groups the users fall, each with a KV cache of its own."""
        return self.replicas * max(1, self.expert // self.tensor)

    def divisor(self, tensor: Tensor) -> int:
        """Tell by how much one GPU's share of a matrix is smaller than the matrix."""
        match tensor.cut:
            case "tensor":
                return self.tensor
            case "kv":
                return min(self.tensor, tensor.kv_heads)
            case "expert":
                return max(self.tensor, self.expert)
            case "none":
                return 1

    def words(self) -> str:
        """Say the split in a few words, such as "TP 8 x PP 2"."""
        named = (("TP", self.tensor), ("EP", self.expert), ("PP", self.pipeline), ("DP", self.replicas))
        return " x ".join(f"{name} {degree}" for name, degree in named if degree > 1) or "one GPU"


def check_split(shape: Shape, split: Split) -> None:
    """Refuse a split that cuts through a head, an expert or a layer.

    Raises:
        ConfigError: It does, and the message names the number that does not divide.
    """
    for name in ("tensor", "pipeline", "expert", "replicas"):
        if getattr(split, name) < 1:
            raise ConfigError(f"{name} parallelism of {getattr(split, name)} makes no sense; it starts at 1")
    if split.pipeline > len(shape.layers):
        raise ConfigError(
            f"{shape.name} has {len(shape.layers)} layers; {split.pipeline} pipeline stages leave some empty"
        )
    _check_experts(shape, split)
    for layer in dict.fromkeys(shape.layers):
        if layer.mixer is not None:
            _divides(shape, "attention heads", layer.mixer.n_heads, split.tensor)
        if isinstance(layer.mixer, Attention):
            _check_kv_heads(shape, layer.mixer.n_kv_heads, split.tensor)
        if isinstance(layer.mlp, Dense):
            _divides(shape, "feed-forward columns", layer.mlp.width, split.tensor)


def is_possible(shape: Shape, split: Split) -> bool:
    """Tell whether `check_split` would let it pass."""
    try:
        check_split(shape, split)
    except ConfigError:
        return False
    return True


def _check_experts(shape: Shape, split: Split) -> None:
    if split.expert > 1 and not shape.n_experts:
        raise ConfigError(f"{shape.name} has no experts; leave expert parallelism at 1")
    if split.expert > 1:
        _divides(shape, "experts", shape.n_experts, split.expert)
        high, low = max(split.expert, split.tensor), min(split.expert, split.tensor)
        if high % low:
            raise ConfigError(
                f"expert parallelism {split.expert} and tensor parallelism {split.tensor} must divide one another"
            )
    for layer in dict.fromkeys(shape.layers):
        if isinstance(layer.mlp, Experts) and split.tensor > split.expert:
            _divides(shape, "columns of an expert", layer.mlp.width, split.tensor // split.expert)


def _check_kv_heads(shape: Shape, n_kv_heads: int, degree: int) -> None:
    if max(n_kv_heads, degree) % min(n_kv_heads, degree):
        raise ConfigError(
            f"{shape.name} has {n_kv_heads} key/value heads, which tensor parallelism {degree} neither divides "
            f"nor repeats evenly; take a degree that divides {n_kv_heads} or is a multiple of it"
        )


def _divides(shape: Shape, what: str, count: int, degree: int) -> None:
    if count % degree:
        fits = [d for d in (1, 2, 4, 8, 16, 32) if count % d == 0]
        raise ConfigError(
            f"{shape.name} has {count} {what}, which do not divide by {degree}; "
            f"possible degrees are {', '.join(map(str, fits))}"
        )


def stage_layers(shape: Shape, split: Split) -> tuple[tuple[int, int], ...]:
    """Give each pipeline stage its first layer and the one after its last; sizes differ by one at most."""
    n, p = len(shape.layers), split.pipeline
    ends = [n * stage // p for stage in range(p + 1)]
    return tuple(pairwise(ends))


def has_latent(shape: Shape) -> bool:
    """Tell whether some layer keeps one latent for all heads, which tensor parallelism copies."""
    return any(isinstance(layer.mixer, Latent) for layer in shape.layers)
