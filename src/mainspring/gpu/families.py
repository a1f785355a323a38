"""What a `model_type` leaves unsaid in its configuration: biases, norms, defaults, which layers slide.

Source: the `configuration_*.py` and `modeling_*.py` of each model in Hugging Face transformers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mainspring.core.errors import ConfigError
from mainspring.gpu.fields import Fields

Sliding = Literal["where set", "never", "even layers", "all but every nth", "from max_window_layers"]


@dataclass(frozen=True, slots=True)
class Family:
    """The silent facts of one model type."""

    bias_qkv: bool = False
    bias_out: bool = False
    bias_mlp: bool = False
    bias_out_follows: bool = True
    """`attention_bias` puts a bias on the output projection too."""
    gated: bool = True
    fused: bool = False
    qk_norm: Literal["none", "head", "full"] = "none"
    n_norms: int = 2
    layer_norm: bool = False
    tied: bool = False
    sinks: bool = False
    router_bias: bool = False
    shared_gate: bool = False
    output_gate: bool = False
    has_rope: bool = True
    """Positions are rotary."""
    scaling_included: bool = False
    """`max_position_embeddings` counts the RoPE scaling already (Gemma 3)."""
    sliding: Sliding = "never"
    defaults: Mapping[str, object] = field(default_factory=dict)


_QWEN_HYBRID = Family(qk_norm="head", output_gate=True, shared_gate=True, defaults={"full_attention_interval": 4})
_DEEPSEEK = Family(defaults={"moe_layer_freq": 1})
_GEMMA3 = Family(
    qk_norm="head",
    n_norms=4,
    tied=True,
    sliding="all but every nth",
    scaling_included=True,
    defaults={
        "vocab_size": 262208,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "sliding_window": 4096,
        "sliding_window_pattern": 6,
        "max_position_embeddings": 131072,
    },
)

FAMILIES: Mapping[str, Family] = {
    "llama": Family(),
    "mistral": Family(sliding="where set"),
    "mixtral": Family(sliding="where set"),
    "smollm3": Family(tied=True),
    "granite": Family(),
    "olmo2": Family(qk_norm="full"),
    "olmoe": Family(qk_norm="full"),
    "qwen2": Family(bias_qkv=True, sliding="from max_window_layers"),
    "qwen2_moe": Family(bias_qkv=True, shared_gate=True, sliding="from max_window_layers"),
    "qwen3": Family(qk_norm="head", sliding="from max_window_layers"),
    "qwen3_moe": Family(qk_norm="head", sliding="from max_window_layers"),
    "qwen3_next": _QWEN_HYBRID,
    "qwen3_5_text": _QWEN_HYBRID,
    "qwen3_5_moe_text": _QWEN_HYBRID,
    "gemma": Family(tied=True, defaults={"head_dim": 256}),
    "gemma2": Family(n_norms=4, tied=True, sliding="even layers", defaults={"head_dim": 256}),
    "gemma3_text": _GEMMA3,
    "phi3": Family(fused=True, sliding="where set"),
    "glm4_moe": Family(bias_out_follows=False, router_bias=True),
    "deepseek_v2": _DEEPSEEK,
    "deepseek_v3": Family(router_bias=True, defaults={"moe_layer_freq": 1}),
    "kimi_k2": Family(router_bias=True, defaults={"moe_layer_freq": 1}),
    "gpt_oss": Family(
        bias_qkv=True, bias_out=True, bias_mlp=True, sinks=True, sliding="even layers", defaults={"head_dim": 64}
    ),
    "jamba": Family(
        has_rope=False,
        defaults={
            "attn_layer_period": 8,
            "attn_layer_offset": 4,
            "expert_layer_period": 2,
            "expert_layer_offset": 1,
        },
    ),
    "nemotron_h": Family(gated=False, n_norms=1, router_bias=True, has_rope=False),
    "mamba": Family(n_norms=1, tied=True, has_rope=False, defaults={"expand": 2, "conv_kernel": 4}),
    "gpt2": Family(
        has_rope=False,
        bias_qkv=True,
        bias_out=True,
        bias_mlp=True,
        gated=False,
        fused=True,
        layer_norm=True,
        tied=True,
    ),
    "gpt_neox": Family(bias_qkv=True, bias_out=True, bias_mlp=True, gated=False, fused=True, layer_norm=True),
    "starcoder2": Family(
        bias_qkv=True,
        bias_out=True,
        bias_mlp=True,
        gated=False,
        layer_norm=True,
        tied=True,
        sliding="where set",
    ),
}
"""Every model type this version knows."""

_ALIASES = {"qwen3_5": "qwen3_5_text", "qwen3_5_moe": "qwen3_5_moe_text", "gemma3": "gemma3_text"}
_FOREIGN = ("mamba", "ssm", "rwkv", "linear_", "conv_", "hybrid", "chunk", "index_", "lightning", "retention")
"""Fields that tell of attention other than softmax over keys and values."""
_FOREIGN_EXACT = (
    "kv_lora_rank",
    "attn_type_list",
    "layers_block_type",
    "interleave_moe_layer_step",
    "state_size",
    "attention_chunk_size",
    "num_kv_shared_layers",
    "global_head_dim",
    "num_global_key_value_heads",
)


def family_of(name: str, model_type: str, values: Mapping[str, object]) -> tuple[Family, tuple[str, ...]]:
    """Find the facts of a model type, and the notes its reader should see.

    An unknown type whose fields speak of nothing but plain softmax attention is read as a Llama, with a note.

    Raises:
        ConfigError: The type is unknown and has fields of another kind of attention.
    """
    known = FAMILIES.get(_ALIASES.get(model_type, model_type))
    if known is not None:
        return known, ()
    foreign = sorted(
        key
        for key, value in values.items()
        if value not in (None, False) and (key.startswith(_FOREIGN) or key in _FOREIGN_EXACT)
    )
    if (
        values.get("sliding_window")
        and not values.get("layer_types")
        and values.get("use_sliding_window") is not False
    ):
        foreign.append("sliding_window without layer_types")  # Which layers slide is the model's own rule.
    if foreign:
        raise ConfigError(
            f"{name}: model_type {model_type!r} has a kind of attention that is not modelled here "
            f"(fields {', '.join(foreign)}); counting it as full attention would be wrong. "
            f"Known types: {', '.join(sorted(FAMILIES))}"
        )
    note = f"model_type {model_type!r} is not known here; it was read as a Llama-style transformer"
    return Family(), (note,)


def window_of(fields: Fields, family: Family, index: int) -> int | None:
    """Tell how far back layer `index` looks where `layer_types` does not say; None sees everything."""
    window = fields.integer_or(0, "sliding_window") or None
    match family.sliding:
        case "never":
            return None
        case "where set":
            return window
        case "even layers":
            return window if index % 2 == 0 else None
        case "all but every nth":
            every = fields.integer("sliding_window_pattern", "_sliding_window_pattern")
            return window if (index + 1) % every else None
        case "from max_window_layers":
            first = fields.integer_or(0, "max_window_layers")
            slides = fields.flag("use_sliding_window", default=False) and index >= first
            return window if slides else None
