"""A transformer as far as memory is concerned: its widths, and what each layer is made of.

Keeps true: every layer says what its mixer is. There is no default kind of attention, so an unknown kind can
never be charged as if it were a known one.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Attention:
    """Softmax attention with keys and values per head: MHA, GQA (fewer KV heads) or MQA (one)."""

    n_heads: int
    n_kv_heads: int
    head_dim: int
    window_tokens: int | None = None
    """How far back a sliding-window layer looks; None sees the whole context."""
    bias_qkv: bool = False
    bias_out: bool = False
    qk_norm: Literal["none", "head", "full"] = "none"
    """A norm on queries and keys, over one head (Qwen3, Gemma 3) or over all of them (OLMo 2)."""
    output_gate: bool = False
    """The query projection is twice as wide and its second half gates the output (Qwen3-Next)."""
    sinks: bool = False
    """One learned logit per head (gpt-oss)."""
    fused: bool = False
    """Queries, keys and values are one matrix (Phi-3, GPT-2, GPT-NeoX)."""


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention: one compressed vector per token for all heads (DeepSeek-V2, 2405.04434)."""

    n_heads: int
    q_rank: int | None
    kv_rank: int
    rope_dim: int
    nope_dim: int
    v_dim: int


@dataclass(frozen=True, slots=True)
class Recurrent:
    """A linear-attention or state-space mixer: a state of constant size per sequence, nothing per token."""

    kind: Literal["gated-delta", "mamba", "mamba2"]
    n_heads: int
    """What tensor parallelism divides."""
    linears: tuple[tuple[str, int, int], ...]
    """Name, inputs and outputs of each projection."""
    n_small: int
    """Parameters outside the projections: convolution, decay, gates' biases, norms."""
    n_state: int
    """Elements of the recurrent state, kept in fp32 by most engines."""
    n_conv_state: int
    """Elements of the convolution's window, kept in the activations' type."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A feed-forward block: gate, up and down, or only up and down."""

    width: int
    gated: bool = True
    bias: bool = False
    fused: bool = False
    """Gate and up are one matrix (Phi-3)."""


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of experts: a router, routed experts, and experts that every token visits."""

    n_experts: int
    n_active: int
    width: int
    gated: bool = True
    bias: bool = False
    """Experts and router carry biases (gpt-oss)."""
    router_bias: bool = False
    """The router alone carries a correction bias (DeepSeek-V3)."""
    shared_width: int = 0
    """Width of all shared experts together."""
    shared_gate: bool = False
    """A one-column gate scales the shared expert (Qwen)."""
    latent: int | None = None
    """Routed experts work in a space this wide, behind a pair of projections (Nemotron 3)."""


@dataclass(frozen=True, slots=True)
class Rope:
    """How rotary positions are stretched past those a model was trained on."""

    kind: str
    """`linear` (2306.15595), `dynamic`, `yarn` (2309.00071), `longrope` (2402.13753) or `llama3`."""
    factor: float | None = None
    """How many times the native context; None where a table of factors stands in its place (LongRoPE)."""


Mixer = Attention | Latent | Recurrent
Mlp = Dense | Experts


@dataclass(frozen=True, slots=True)
class Layer:
    """One block of the stack. Nemotron-H blocks hold a mixer or an MLP, all others both."""

    mixer: Mixer | None
    mlp: Mlp | None
    n_norms: int
    """Norms of the hidden width."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A frozen description of a decoder-only transformer."""

    name: str
    model_type: str
    hidden: int
    vocab: int
    layers: tuple[Layer, ...]
    tied: bool
    """The output head is the token embedding."""
    native_context: int
    """Tokens it was trained on before any RoPE scaling."""
    max_context: int
    """Tokens it takes with the RoPE scaling that is in force."""
    rope: Rope | None = None
    """The RoPE scaling in force, of its configuration or asked for."""
    has_rope: bool = True
    """Its positions are rotary; those of GPT-2 are learned, and Mamba, Jamba and Nemotron-H have none."""
    layer_norm: bool = False
    """Norms have a bias too (LayerNorm); RMSNorm otherwise."""
    n_positions: int = 0
    """Rows of a learned position embedding (GPT-2)."""
    gguf_copies_head: bool = False
    """The publisher's GGUF files hold a tied head twice (Qwen2.5)."""
    notes: tuple[str, ...] = ()
    """What a reader of an estimate should know about this model."""

    @property
    def n_heads(self) -> int:
        """Heads that tensor parallelism has to divide: those of the first layer that attends."""
        return next((layer.mixer.n_heads for layer in self.layers if layer.mixer is not None), 1)

    @property
    def n_kv_heads(self) -> int:
        """Key and value heads of the first attention layer; a latent counts as one."""
        for layer in self.layers:
            if isinstance(layer.mixer, Attention):
                return layer.mixer.n_kv_heads
        return 1

    @property
    def n_experts(self) -> int:
        """Routed experts per mixture layer, 0 for a dense model."""
        return max((layer.mlp.n_experts for layer in self.layers if isinstance(layer.mlp, Experts)), default=0)

    def mixers(self) -> dict[str, int]:
        """Count the layers by kind of mixer, in words: full, sliding, latent, or the recurrent kind."""
        return dict(Counter(_mixer_kind(layer.mixer) for layer in self.layers if layer.mixer is not None))


def _mixer_kind(mixer: Mixer) -> str:
    if isinstance(mixer, Attention):
        return "full" if mixer.window_tokens is None else "sliding"
    return "latent" if isinstance(mixer, Latent) else mixer.kind
