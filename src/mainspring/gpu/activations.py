"""Elements that pass through a layer: what inference holds at its peak, and what training saves for backward.

Sources: Korthikanti et al., "Reducing Activation Recomputation" (2205.05198), whose `34 sbh` is taken apart here
into the tensors each block saves, so that GQA, gated MLPs and experts get counts of their own. FlashAttention
(2205.14135) removes its `5 a s` scores.
"""

from dataclasses import dataclass

from mainspring.gpu.shape import Attention, Dense, Experts, Latent, Layer, Mixer, Mlp, Recurrent
from mainspring.gpu.split import Split


@dataclass(frozen=True, slots=True)
class Saved:
    """Elements per token, and how parallelism divides them."""

    copied: float
    """Inputs of norms and projections: divided only by sequence parallelism."""
    divided: float
    """Outputs of divided projections."""


def peak_elements(layer: Layer, hidden: int, split: Split) -> float:
    """Tell the elements per token alive at the widest point of a layer's forward pass.

    `4 h` for the residual, the normed input and their copies, and the wider of the two blocks: queries, keys,
    values and output, or gate, up and product. Experts work on one copy of a token per visit.
    """
    attention = _mixer_width(layer.mixer) / split.tensor if layer.mixer is not None else 0
    return 4 * hidden + max(attention, _mlp_peak(layer.mlp, hidden, split))


def saved_elements(layer: Layer, hidden: int) -> Saved:
    """Tell the elements per token that a layer's forward pass keeps for its backward pass, flash attention on.

    Per block: the norm's input and output (`2 h`). Attention: queries, keys, values and output. A gated MLP: gate,
    up, activation and product (`4 f`). Experts: the same per visit, and the token's copies in and out.
    """
    copied, divided = 0.0, 0.0
    if layer.mixer is not None:
        copied += 2 * hidden
        divided += _mixer_width(layer.mixer)
    match layer.mlp:
        case Dense() as mlp:
            copied += 2 * hidden
            divided += (4 if mlp.gated else 2) * mlp.width
        case Experts() as mlp:
            copied += 2 * hidden + mlp.n_experts
            per_visit = 2 * (mlp.latent or hidden) + (4 if mlp.gated else 2) * mlp.width
            divided += mlp.n_active * per_visit + (4 if mlp.gated else 2) * mlp.shared_width
        case None:
            pass
    return Saved(copied, divided)


def score_bytes(layer: Layer, sequence_tokens: int) -> float:
    """Tell the bytes per token of attention scores where flash attention is off: `5 a s` (2205.05198, eq. 1)."""
    if isinstance(layer.mixer, Attention | Latent):
        return 5.0 * layer.mixer.n_heads * sequence_tokens
    return 0.0


def _mixer_width(mixer: Mixer) -> float:
    match mixer:
        case Attention():
            q, kv = mixer.n_heads * mixer.head_dim, mixer.n_kv_heads * mixer.head_dim
            return (3 if mixer.output_gate else 2) * q + 2 * kv
        case Latent():
            keys = mixer.n_heads * (mixer.nope_dim + mixer.rope_dim)
            compressed = 2 * (mixer.q_rank or 0) + 2 * mixer.kv_rank + mixer.rope_dim
            return compressed + 2 * keys + 2 * mixer.n_heads * mixer.v_dim
        case Recurrent():
            return sum(n_out for _, _, n_out in mixer.linears) + 2.0 * mixer.linears[-1][1]


def _mlp_peak(mlp: Mlp | None, hidden: int, split: Split) -> float:
    match mlp:
        case Dense():
            return (3 if mlp.gated else 2) * mlp.width / split.tensor
        case Experts():
            cut = max(split.tensor, split.expert)
            first = (2 if mlp.gated else 1) * mlp.width / cut
            visits = mlp.n_active * (max(first, mlp.latent or hidden) + mlp.width / cut)
            return visits + (3 if mlp.gated else 2) * mlp.shared_width / split.tensor
        case None:
            return 0.0
