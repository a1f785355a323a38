"""The kinds of model that weights can be moved between Hugging Face's form and GGUF for.

What differs between the forms is the names of tensors, and for `llama` the order of rows in q and k: llama.cpp
rotates neighbouring numbers where transformers rotates the halves of a head.

Source: llama.cpp's `convert_hf_to_gguf.py` (`LlamaModel.permute`), `gguf/tensor_mapping.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mainspring.core.errors import ConfigError

CONVERTER: Final = "llama.cpp's own convert_hf_to_gguf.py"

_OUTSIDE: Final = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
_IN_LAYER: Final = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_OUTSIDE_BACK: Final = {there: here for here, there in _OUTSIDE.items()}
_IN_LAYER_BACK: Final = {there: here for here, there in _IN_LAYER.items()}
_LAYER: Final = re.compile(r"model\.layers\.(\d+)\.(.+)\.(weight|bias)")
_BLOCK: Final = re.compile(r"blk\.(\d+)\.(.+)\.(weight|bias)")
FREQUENCIES: Final = "rope_freqs.weight"
"""How far each frequency is stretched (Llama 3.1); in Hugging Face's form the configuration says it."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A kind of model."""

    name: str
    """As llama.cpp and the `model_type` of transformers call it."""
    model_class: str
    is_permuted: bool = False
    """Whether GGUF has the rows of q and k in another order."""


KNOWN: Final[Mapping[str, Architecture]] = {
    one.name: one
    for one in (
        Architecture("llama", "LlamaForCausalLM", is_permuted=True),
        Architecture("qwen2", "Qwen2ForCausalLM"),
        Architecture("qwen3", "Qwen3ForCausalLM"),
    )
}


def architecture_of(name: str, *, whose: str) -> Architecture:
    """Look up a kind of model.

    Args:
        name: As llama.cpp or transformers calls it.
        whose: What it is the kind of, for the message.

    Raises:
        ConfigError: It is none that is known.
    """
    if name in KNOWN:
        return KNOWN[name]
    raise ConfigError(
        f"{whose} is a model of the kind {name!r}; {', '.join(sorted(KNOWN))} can be moved between GGUF and "
        f"Hugging Face's form. As a base, give the Hugging Face folder; as an export, take safetensors, and "
        f"{CONVERTER}"
    )


def gguf_name(name: str) -> str | None:
    """Give what GGUF calls a tensor of Hugging Face's form; None for one that it does not have."""
    if match := _LAYER.fullmatch(name):
        part = _IN_LAYER.get(match[2])
        return f"blk.{match[1]}.{part}.{match[3]}" if part else None
    stem, _, kind = name.rpartition(".")
    return f"{_OUTSIDE[stem]}.{kind}" if stem in _OUTSIDE else None


def hugging_face_name(name: str) -> str | None:
    """Give what Hugging Face's form calls a tensor of a GGUF; None for one that it does not have."""
    if match := _BLOCK.fullmatch(name):
        part = _IN_LAYER_BACK.get(match[2])
        return f"model.layers.{match[1]}.{part}.{match[3]}" if part else None
    stem, _, kind = name.rpartition(".")
    return f"{_OUTSIDE_BACK[stem]}.{kind}" if stem in _OUTSIDE_BACK else None


def rotated_heads(name: str, config: Mapping[str, object]) -> int | None:
    """Give how many heads the rows of a tensor are divided into where positions rotate them; None for others.

    Args:
        name: In Hugging Face's form.
        config: The model's `config.json`.
    """
    heads = config["num_attention_heads"]
    if ".self_attn.q_proj." in name:
        return int(str(heads))
    if ".self_attn.k_proj." in name:
        return int(str(config.get("num_key_value_heads") or heads))
    return None


def permuted(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Put the rows of q or k into llama.cpp's order: the halves of a head are interleaved."""
    halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows.shape))


def unpermuted(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Put the rows of q or k from llama.cpp's order into transformers'."""
    pairs = rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:])
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(rows.shape))
