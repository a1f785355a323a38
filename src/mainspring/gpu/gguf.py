"""GGUF: the bits of each ggml block type, and which matrix gets which type in a mix such as Q4_K_M.

Sources: the block structures of ggml's `ggml-common.h`; the choice of types in llama.cpp's `llama-quant.cpp`
(`llama_tensor_get_type_impl`, `tensor_type_fallback`). Checked against two published files to within 0.1 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mainspring.gpu.shape import Attention, Shape
from mainspring.gpu.tensors import Tensor

BLOCKS: Mapping[str, tuple[int, int]] = {
    "f32": (1, 4),
    "f16": (1, 2),
    "bf16": (1, 2),
    "q4_0": (32, 18),
    "q4_1": (32, 20),
    "q5_0": (32, 22),
    "q5_1": (32, 24),
    "q8_0": (32, 34),
    "mxfp4": (32, 17),
    "q2_k": (256, 84),
    "q3_k": (256, 110),
    "q4_k": (256, 144),
    "q5_k": (256, 176),
    "q6_k": (256, 210),
    "iq2_xxs": (256, 66),
    "iq2_xs": (256, 74),
    "iq2_s": (256, 82),
    "iq3_xxs": (256, 98),
    "iq3_s": (256, 110),
    "iq4_nl": (32, 18),
    "iq4_xs": (256, 136),
}
"""Weights and bytes of one block of each ggml type."""

Where = Literal["all", "more", "eighth", "sixteenth", "first2", "first4", "shared keys"]
Rule = tuple[Where, str]
"""Which layers get which type; the first rule that holds wins."""


@dataclass(frozen=True, slots=True)
class Mix:
    """One file type of llama.cpp: a base type, and the matrices that get another one."""

    name: str
    base: str
    value: tuple[Rule, ...] = ()
    down: tuple[Rule, ...] = ()
    attn_output: str = ""
    fused_qkv: str = ""
    query_key: str = ""
    head: str = "q6_k"
    embedding: str = ""


def _plain(name: str) -> Mix:
    return Mix(name, name, head=name if name in {"f32", "f16", "bf16", "q8_0"} else "q6_k")


_MIXES = (
    *map(_plain, ("f32", "f16", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q6_k")),
    Mix("mxfp4_moe", "q8_0", head="q8_0"),
    Mix("q2_k", "q2_k", (("shared keys", "q4_k"), ("all", "q3_k")), (("all", "q3_k"),), "q3_k"),
    Mix("q3_k_s", "q3_k"),
    Mix(
        "q3_k_m",
        "q3_k",
        (("first2", "q5_k"), ("all", "q4_k")),
        (("sixteenth", "q5_k"), ("all", "q4_k")),
        "q4_k",
        "q4_k",
    ),
    Mix("q3_k_l", "q3_k", (("all", "q5_k"),), (("all", "q5_k"),), "q5_k", "q4_k"),
    Mix("q4_k_s", "q4_k", (("first4", "q5_k"),), (("eighth", "q5_k"),)),
    Mix("q4_k_m", "q4_k", (("more", "q6_k"),), (("more", "q6_k"),), fused_qkv="q5_k"),
    Mix("q5_k_s", "q5_k"),
    Mix("q5_k_m", "q5_k", (("more", "q6_k"),), (("more", "q6_k"),), fused_qkv="q6_k"),
    Mix("iq4_nl", "iq4_nl", (("shared keys", "q5_k"),)),
    Mix("iq4_xs", "iq4_xs", (("shared keys", "q5_k"),)),
    Mix("iq3_m", "iq3_s", (("all", "q4_k"),), (("eighth", "q4_k"),), "q4_k", "q4_k"),
    Mix(
        "iq3_xxs",
        "iq3_xxs",
        (("shared keys", "q4_k"),),
        attn_output="iq3_s",
        query_key="iq2_s",
        head="q5_k",
        embedding="iq3_s",
    ),
    Mix(
        "iq2_m",
        "iq2_s",
        (("shared keys", "q4_k"), ("all", "iq3_s")),
        (("eighth", "iq3_s"),),
        "iq3_s",
        head="q5_k",
        embedding="iq3_s",
    ),
    Mix(
        "iq2_xxs",
        "iq2_xxs",
        (("shared keys", "q4_k"), ("all", "q2_k")),
        (("eighth", "q2_k"),),
        head="q5_k",
        embedding="q2_k",
    ),
)
MIXES: Mapping[str, Mix] = {mix.name: mix for mix in _MIXES}
"""File types by name. Importance-matrix builds are assumed for the IQ types."""

_FALLBACK = {
    "q2_k": "q4_0",
    "q3_k": "q4_0",
    "q4_k": "q5_0",
    "q5_k": "q5_1",
    "q6_k": "q8_0",
    **dict.fromkeys(("iq2_xxs", "iq2_xs", "iq2_s", "iq3_xxs", "iq3_s", "iq4_xs"), "iq4_nl"),
}
_TOKENIZER_BYTES = 38
"""Vocabulary, merges and scores per token in the header of a byte-pair GGUF; 36.3 and 39.2 in two files."""


def block_bits(ggml_type: str) -> float:
    """Tell a ggml type's bits per weight, scales included."""
    n_weights, n_bytes = BLOCKS[ggml_type]
    return 8 * n_bytes / n_weights


def tensor_bits(tensor: Tensor, mix: Mix, shape: Shape, place: tuple[int, int]) -> float:
    """Tell the bits per weight of one matrix of a mix, after llama.cpp's fall-back for odd widths."""
    return block_bits(tensor_type(tensor, mix, shape, place))


def tensor_type(tensor: Tensor, mix: Mix, shape: Shape, place: tuple[int, int]) -> str:
    """Name the ggml type that llama.cpp's quantiser gives a matrix.

    Args:
        tensor: The matrix; vectors and routers stay f32.
        mix: The file type.
        shape: The model it belongs to.
        place: The layer's index and the number of layers.
    """
    if tensor.part in {"small", "router", "position_embd"} or mix.base == "f32":
        return "f32"
    if mix.base == "f16":
        return "f16"
    chosen = _choose(tensor, mix, shape, place)
    while tensor.n_in % BLOCKS[chosen][0]:
        chosen = _FALLBACK.get(chosen, "f16")
    return chosen


def header_bytes(shape: Shape) -> int:
    """Estimate what a GGUF file holds besides tensors: nearly all of it is the tokenizer."""
    return _TOKENIZER_BYTES * shape.vocab


def _choose(tensor: Tensor, mix: Mix, shape: Shape, place: tuple[int, int]) -> str:
    if tensor.part == "output" or (tensor.part == "token_embd" and shape.tied and not shape.gguf_copies_head):
        return mix.head
    if mix.name == "mxfp4_moe":
        return "mxfp4" if tensor.cut == "expert" else "q8_0"
    if tensor.part in {"attn_v", "attn_kv_b"}:
        return _value_type(mix, shape, place)
    if tensor.part in {"ffn_down", "ffn_shared_down"}:
        return _by_rules(mix.down, mix.base, shape, place)
    if shape.n_experts == 8 and tensor.part in {"attn_k", "attn_output"}:
        return _mixtral_type(tensor.part, mix)
    special = {
        "token_embd": mix.embedding,
        "attn_qkv": mix.fused_qkv,
        "attn_q": mix.query_key,
        "attn_k": mix.query_key,
        "attn_output": mix.attn_output,
    }
    return special.get(tensor.part) or mix.base


def _mixtral_type(part: str, mix: Mix) -> str:
    """Models of eight experts get more bits for their few attention weights."""
    if part == "attn_k":
        return "q8_0"
    is_small = mix.base not in {"q5_k", "q6_k"} and BLOCKS[mix.base][0] == 256
    return "q5_k" if is_small else mix.base


def _value_type(mix: Mix, shape: Shape, place: tuple[int, int]) -> str:
    if shape.n_experts == 8:  # llama.cpp gives Mixtral's small K and V matrices 8 bits.
        return "q8_0"
    chosen = _by_rules(mix.value, mix.base, shape, place)
    is_70b = len(shape.layers) == 80 and shape.n_heads > shape.n_kv_heads
    return "q5_k" if is_70b and chosen in {"q3_k", "q4_k"} else chosen


def _by_rules(rules: tuple[Rule, ...], base: str, shape: Shape, place: tuple[int, int]) -> str:
    return next((chosen for where, chosen in rules if _holds(where, shape, place)), base)


def _holds(where: Where, shape: Shape, place: tuple[int, int]) -> bool:
    index, n_layers = place
    match where:
        case "all":
            return True
        case "more":  # `use_more_bits`: the first and last eighth, and every third layer between.
            eighth = n_layers // 8
            return index < eighth or index >= 7 * n_layers // 8 or (index - eighth) % 3 == 2
        case "eighth":
            return index < n_layers // 8
        case "sixteenth":
            return index < n_layers // 16
        case "first2":
            return index < 2
        case "first4":
            return index < 4
        case "shared keys":
            attends = any(isinstance(layer.mixer, Attention) for layer in shape.layers)
            return attends and shape.n_heads >= 4 * shape.n_kv_heads
