"""The matrices of a shape, one by one. Parameters, weights, LoRA and GGUF sizes are all sums over this list.

Names follow GGUF (`attn_q`, `ffn_down`, ...), whose quantiser chooses types by them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mainspring.gpu.shape import Attention, Dense, Experts, Latent, Layer, Recurrent, Shape

Cut = Literal["tensor", "kv", "expert", "none"]
"""What divides a matrix: tensor parallelism, the same up to the number of KV heads, experts, or nothing."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One kind of matrix (`n_in` columns, `n_out` rows) and how many equal ones there are."""

    part: str
    n_in: int
    n_out: int
    cut: Cut = "tensor"
    n_copies: int = 1
    kv_heads: int = 0
    """For a "kv" cut: past this degree, tensor parallelism copies instead of dividing."""

    @property
    def n_params(self) -> int:
        """Elements of all copies together."""
        return self.n_in * self.n_out * self.n_copies

    @property
    def is_linear(self) -> bool:
        """Whether quantisation and LoRA may touch it: a projection inside a layer, routers excepted."""
        return self.part not in {"small", "router", "token_embd", "output", "position_embd"}


@lru_cache(maxsize=4096)
def layer_tensors(layer: Layer, hidden: int, layer_norm: bool) -> tuple[Tensor, ...]:
    """List the matrices of one layer."""
    return (
        *_mixer_tensors(layer, hidden),
        *_mlp_tensors(layer, hidden),
        small(layer.n_norms * hidden * (2 if layer_norm else 1)),
    )


def layers_of(shape: Shape) -> Iterator[tuple[Tensor, ...]]:
    """Yield the matrices of each layer in order."""
    return (layer_tensors(layer, shape.hidden, shape.layer_norm) for layer in shape.layers)


def embedding_tensors(shape: Shape) -> tuple[Tensor, ...]:
    """List what stands before the first layer."""
    tokens = Tensor("token_embd", shape.hidden, shape.vocab)
    if not shape.n_positions:
        return (tokens,)
    return (tokens, Tensor("position_embd", shape.hidden, shape.n_positions, cut="none"))


def head_tensors(shape: Shape) -> tuple[Tensor, ...]:
    """List what stands after the last layer: the final norm, and the head where it is not the embedding."""
    norm = small(shape.hidden * (2 if shape.layer_norm else 1))
    return (norm,) if shape.tied else (norm, Tensor("output", shape.hidden, shape.vocab))


def all_tensors(shape: Shape) -> Iterator[Tensor]:
    """Yield every matrix of the model once."""
    yield from embedding_tensors(shape)
    for tensors in layers_of(shape):
        yield from tensors
    yield from head_tensors(shape)


def parameter_count(shape: Shape) -> int:
    """Count all parameters, a tied head once."""
    return sum(tensor.n_params for tensor in all_tensors(shape))


def active_parameter_count(shape: Shape) -> int:
    """Count the parameters one token passes through: of the routed experts only those it visits."""
    idle = 0
    for layer in shape.layers:
        if isinstance(layer.mlp, Experts):
            routed = sum(t.n_params for t in _mlp_tensors(layer, shape.hidden) if t.cut == "expert")
            idle += routed * (layer.mlp.n_experts - layer.mlp.n_active) // layer.mlp.n_experts
    return parameter_count(shape) - idle


def small(n_params: int, cut: Cut = "none") -> Tensor:
    """Make a vector: norms, biases and the like, which no format quantises."""
    return Tensor("small", n_params, 1, cut=cut)


def _mixer_tensors(layer: Layer, hidden: int) -> tuple[Tensor, ...]:
    match layer.mixer:
        case Attention() as mixer:
            return _attention(mixer, hidden)
        case Latent() as mixer:
            return _latent(mixer, hidden)
        case Recurrent() as mixer:
            linears = tuple(Tensor(name, n_in, n_out) for name, n_in, n_out in mixer.linears)
            return (*linears, small(mixer.n_small))
        case None:
            return ()


def _attention(mixer: Attention, hidden: int) -> tuple[Tensor, ...]:
    q, kv = mixer.n_heads * mixer.head_dim, mixer.n_kv_heads * mixer.head_dim
    q_out = 2 * q if mixer.output_gate else q
    if mixer.fused:
        rows = [Tensor("attn_qkv", hidden, q_out + 2 * kv)]
    else:
        rows = [
            Tensor("attn_q", hidden, q_out),
            Tensor("attn_k", hidden, kv, cut="kv", kv_heads=mixer.n_kv_heads),
            Tensor("attn_v", hidden, kv, cut="kv", kv_heads=mixer.n_kv_heads),
        ]
    norm = {"none": 0, "head": 2 * mixer.head_dim, "full": q + kv}[mixer.qk_norm]
    extra = norm + (q_out + 2 * kv if mixer.bias_qkv else 0) + (hidden if mixer.bias_out else 0)
    extra += mixer.n_heads if mixer.sinks else 0
    return (*rows, Tensor("attn_output", q, hidden), small(extra))


def _latent(mixer: Latent, hidden: int) -> tuple[Tensor, ...]:
    """List the projections of DeepSeek-V2 section 2.1; the down-projections are copied, not divided."""
    q = mixer.n_heads * (mixer.nope_dim + mixer.rope_dim)
    if mixer.q_rank is None:
        query = [Tensor("attn_q", hidden, q)]
    else:
        query = [Tensor("attn_q_a", hidden, mixer.q_rank, cut="none"), Tensor("attn_q_b", mixer.q_rank, q)]
    return (
        *query,
        Tensor("attn_kv_a", hidden, mixer.kv_rank + mixer.rope_dim, cut="none"),
        Tensor("attn_kv_b", mixer.kv_rank, mixer.n_heads * (mixer.nope_dim + mixer.v_dim)),
        Tensor("attn_output", mixer.n_heads * mixer.v_dim, hidden),
        small((mixer.q_rank or 0) + mixer.kv_rank),
    )


def _mlp_tensors(layer: Layer, hidden: int) -> tuple[Tensor, ...]:
    match layer.mlp:
        case Dense() as mlp:
            rows = _feed_forward("ffn", hidden, mlp.width, gated=mlp.gated, fused=mlp.fused)
            n_bias = mlp.width * (2 if mlp.gated else 1) + hidden if mlp.bias else 0
            return (*rows, small(n_bias))
        case Experts() as mlp:
            return _experts(mlp, hidden)
        case None:
            return ()


def _experts(mlp: Experts, hidden: int) -> tuple[Tensor, ...]:
    space = mlp.latent or hidden
    rows = list(_feed_forward("ffn", space, mlp.width, gated=mlp.gated, n_copies=mlp.n_experts))
    rows.append(Tensor("router", hidden, mlp.n_experts, cut="none"))
    if mlp.shared_width:
        rows += _feed_forward("ffn_shared", hidden, mlp.shared_width, gated=mlp.gated)
    if mlp.latent:
        rows += [
            Tensor("ffn_latent_down", hidden, mlp.latent, cut="none"),
            Tensor("ffn_latent_up", mlp.latent, hidden, cut="none"),
        ]
    n_small = hidden if mlp.shared_gate else 0
    n_small += mlp.n_experts if mlp.router_bias or mlp.bias else 0
    rows.append(small(n_small))
    if mlp.bias:
        per_expert = mlp.width * (2 if mlp.gated else 1) + space
        rows.append(small(mlp.n_experts * per_expert, cut="expert"))
    return tuple(rows)


def _feed_forward(
    prefix: str, n_in: int, width: int, *, gated: bool, fused: bool = False, n_copies: int = 1
) -> tuple[Tensor, ...]:
    cut: Cut = "expert" if n_copies > 1 else "tensor"
    down = Tensor(f"{prefix}_down", width, n_in, cut, n_copies)
    if fused:
        return (Tensor(f"{prefix}_up", n_in, 2 * width, cut, n_copies), down)
    gate = (Tensor(f"{prefix}_gate", n_in, width, cut, n_copies),) if gated else ()
    return (*gate, Tensor(f"{prefix}_up", n_in, width, cut, n_copies), down)
