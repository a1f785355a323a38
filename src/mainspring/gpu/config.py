"""Read a Hugging Face `config.json` into a shape.

Keeps true: each layer's mixer is named by the configuration or by what is known of its `model_type`; a kind that
is not known is refused with its name.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from mainspring.core.errors import ConfigError
from mainspring.gpu.families import Family, family_of, window_of
from mainspring.gpu.fields import Fields
from mainspring.gpu.recurrent import gated_delta, mamba, mamba2
from mainspring.gpu.rope import contexts, rope_of
from mainspring.gpu.shape import Attention, Dense, Experts, Latent, Layer, Mixer, Mlp, Shape

_HIDDEN = ("hidden_size", "n_embd", "d_model")
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_HEADS = ("num_attention_heads", "n_head")
_NEMOTRON = {"M": "mamba2", "*": "full_attention", "-": "mlp", "E": "moe"}


def read_shape(source: Mapping[str, object] | Path | str, name: str | None = None) -> Shape:
    """Read a configuration: a dict, or the path of a `config.json` or of the folder that holds it.

    Args:
        source: The configuration or where it lies.
        name: What to call the model; its folder or `_name_or_path` otherwise.

    Raises:
        ConfigError: The file cannot be read, a field is missing, or a kind of attention is not known.
    """
    if isinstance(source, Mapping):
        name = name or str(source.get("_name_or_path") or source.get("model_type") or "this model")
        return _shape(source, name)
    path = Path(source)
    path = path / "config.json" if path.is_dir() else path
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{str(path)!r} cannot be read as a config.json: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{str(path)!r} holds {type(values).__name__}; a config.json is one object")
    return _shape(values, name or path.resolve().parent.name)


def _shape(outer: Mapping[str, object], name: str) -> Shape:
    values, notes = _text_part(outer)
    model_type = str(values.get("model_type") or outer.get("model_type") or "")
    if not model_type:
        raise ConfigError(f"{name}: the configuration lacks the field 'model_type'; add it, for example 'llama'")
    family, more_notes = family_of(name, model_type, values)
    fields = Fields(name, values, family.defaults)
    rope = rope_of(fields)
    native, extended = contexts(fields, rope, included=family.scaling_included)
    hidden = fields.integer(*_HIDDEN)
    kinds = _layer_kinds(fields, model_type)
    return Shape(
        name=name,
        model_type=model_type,
        hidden=hidden,
        vocab=fields.integer("vocab_size"),
        layers=tuple(_layer(fields, family, hidden, kind, index) for index, kind in enumerate(kinds)),
        tied=fields.flag("tie_word_embeddings", default=family.tied),
        native_context=native,
        max_context=extended,
        rope=rope,
        has_rope=family.has_rope,
        layer_norm=family.layer_norm,
        n_positions=extended if model_type == "gpt2" else 0,
        gguf_copies_head=bool(values.get("gguf_copies_head", False)),
        notes=(*notes, *more_notes),
    )


def _text_part(outer: Mapping[str, object]) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """Unwrap a multimodal configuration: its language model is `text_config` or `llm_config`."""
    for key in ("text_config", "llm_config", "language_config"):
        inner = outer.get(key)
        if isinstance(inner, Mapping):
            tie = outer.get("tie_word_embeddings")
            shared = {} if tie is None else {"tie_word_embeddings": tie}
            note = "only the language model is counted; the vision and audio towers are not"
            return {**shared, **inner}, (note,)
    return outer, ()


def _layer_kinds(fields: Fields, model_type: str) -> tuple[str, ...]:
    """Name the kind of each layer, "" where only the family's sliding rule decides."""
    n_layers = fields.integer(*_LAYERS)
    kinds = fields.words("layer_types") or fields.words("layers_block_type")
    pattern = fields.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        kinds = tuple(_NEMOTRON.get(letter, letter) for letter in pattern)
    if kinds is None and model_type == "mamba":
        kinds = ("mamba",) * n_layers
    if kinds is None and fields.get("attn_layer_period") is not None:
        period, offset = fields.integer("attn_layer_period"), fields.integer_or(0, "attn_layer_offset")
        kinds = tuple("full_attention" if i % period == offset else "mamba" for i in range(n_layers))
    if kinds is None and fields.get("full_attention_interval") is not None:
        every = fields.integer("full_attention_interval")
        kinds = tuple("linear_attention" if (i + 1) % every else "full_attention" for i in range(n_layers))
    if kinds is None:
        return ("",) * n_layers
    if len(kinds) != n_layers:
        raise ConfigError(
            f"{fields.name}: the layer list names {len(kinds)} layers but the model has {n_layers}; mend either"
        )
    return kinds


def _layer(fields: Fields, family: Family, hidden: int, kind: str, index: int) -> Layer:
    if kind in {"mlp", "moe"}:
        mlp = _experts(fields, family) if kind == "moe" else _dense(fields, family, hidden)
        return Layer(None, mlp, family.n_norms)
    mixer = _mixer(fields, family, hidden, kind, index)
    if family.n_norms == 1:  # Nemotron-H and Mamba blocks are a mixer alone.
        return Layer(mixer, None, 1)
    return Layer(mixer, _mlp(fields, family, hidden, index), family.n_norms)


def _mixer(fields: Fields, family: Family, hidden: int, kind: str, index: int) -> Mixer:
    match kind:
        case "linear_attention":
            return gated_delta(fields, hidden)
        case "mamba":
            return mamba(fields, hidden)
        case "mamba2":
            return mamba2(fields, hidden)
        case "full_attention" | "attention":
            return _attention(fields, family, hidden, None)
        case "sliding_attention":
            return _attention(fields, family, hidden, fields.integer("sliding_window"))
        case "" if fields.get("kv_lora_rank") is not None:
            return _latent(fields)
        case "":
            return _attention(fields, family, hidden, window_of(fields, family, index))
    raise ConfigError(
        f"{fields.name}: layer {index} is of kind {kind!r}, which is not modelled here; known kinds are "
        f"full_attention, sliding_attention, linear_attention, mamba and Nemotron's M, *, - and E"
    )


def _attention(fields: Fields, family: Family, hidden: int, window: int | None) -> Attention:
    n_heads = fields.integer(*_HEADS)
    bias = fields.flag("attention_bias", default=False)
    head_dim = fields.integer_or(0, "head_dim", "attention_head_dim")
    if not head_dim and hidden % n_heads:
        raise ConfigError(f"{fields.name}: hidden_size {hidden} is no multiple of {n_heads} heads; add 'head_dim'")
    return Attention(
        n_heads=n_heads,
        n_kv_heads=fields.integer_or(n_heads, "num_key_value_heads"),
        head_dim=head_dim or hidden // n_heads,
        window_tokens=window,
        bias_qkv=family.bias_qkv or bias,
        bias_out=family.bias_out or (bias and family.bias_out_follows),
        qk_norm="head" if fields.flag("use_qk_norm", default=False) else family.qk_norm,
        output_gate=family.output_gate,
        sinks=family.sinks,
        fused=family.fused,
    )


def _latent(fields: Fields) -> Latent:
    return Latent(
        n_heads=fields.integer(*_HEADS),
        q_rank=fields.integer_or(0, "q_lora_rank") or None,
        kv_rank=fields.integer("kv_lora_rank"),
        rope_dim=fields.integer("qk_rope_head_dim"),
        nope_dim=fields.integer("qk_nope_head_dim"),
        v_dim=fields.integer("v_head_dim"),
    )


def _mlp(fields: Fields, family: Family, hidden: int, index: int) -> Mlp:
    if fields.integer_or(0, "num_local_experts", "num_experts", "n_routed_experts") < 2:
        return _dense(fields, family, hidden)
    dense_before = fields.integer_or(0, "first_k_dense_replace")
    every = fields.integer_or(1, "moe_layer_freq", "decoder_sparse_step", "expert_layer_period") or 1
    offset = fields.integer_or(0, "expert_layer_offset")
    if fields.get("decoder_sparse_step") is not None:  # Qwen counts its sparse steps from one.
        offset = every - 1
    if index < dense_before or index in fields.integers("mlp_only_layers") or index % every != offset % every:
        return _dense(fields, family, hidden)
    return _experts(fields, family)


def _dense(fields: Fields, family: Family, hidden: int) -> Dense:
    names = ("intermediate_size", "n_inner", "ffn_dim")
    width = fields.integer_or(4 * hidden, *names) if family.layer_norm else fields.integer(*names)
    bias = family.bias_mlp or fields.flag("mlp_bias", default=False)
    return Dense(width, gated=family.gated, bias=bias, fused=family.fused and family.gated)


def _experts(fields: Fields, family: Family) -> Experts:
    width = fields.integer("moe_intermediate_size", "intermediate_size")
    shared = fields.integer_or(0, "moe_shared_expert_intermediate_size", "shared_expert_intermediate_size")
    n_shared = fields.integer_or(1 if shared else 0, "n_shared_experts")
    return Experts(
        n_experts=fields.integer("num_local_experts", "num_experts", "n_routed_experts"),
        n_active=fields.integer("num_experts_per_tok", "experts_per_token"),
        width=width,
        gated=family.gated,
        bias=family.bias_mlp,
        router_bias=family.router_bias,
        shared_width=n_shared * (shared or width),
        shared_gate=family.shared_gate and n_shared > 0,
        latent=fields.integer_or(0, "moe_latent_size") or None,
    )
