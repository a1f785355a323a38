"""RoPE scaling: how far a configuration stretches its context, and which scaling reaches a longer one.

Scaling turns rotary positions into others, and nothing more: it has no weights, and keys and values are of the same
size. So it changes memory only through the context that it allows, by the KV cache.

Sources: linear (2306.15595), YaRN (2309.00071), LongRoPE (2402.13753); the fields are those of
`modeling_rope_utils.py` in Hugging Face transformers.
"""

import math
from dataclasses import replace
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.gpu.fields import Fields
from mainspring.gpu.shape import Rope, Shape

_CONTEXT: Final = ("max_position_embeddings", "n_positions", "model_max_length")
_MULTIPLY: Final = frozenset({"linear", "dynamic", "yarn"})
"""Kinds that any engine lays over a model as it is. Llama 3's and Phi's are part of how the model was trained."""
_SPELT: Final = {"su": "longrope"}


def rope_of(fields: Fields) -> Rope | None:
    """Give the RoPE scaling of a configuration; None where it has none."""
    scaling = _table(fields)
    kind = str(scaling.get("rope_type") or scaling.get("type") or "default")
    if kind in {"default", "mrope"}:
        return None
    factor = scaling.get("factor")
    return Rope(_SPELT.get(kind, kind), float(factor) if isinstance(factor, int | float) else None)


def contexts(fields: Fields, rope: Rope | None, *, included: bool) -> tuple[int, int]:
    """Tell the native and the extended context.

    YaRN, linear and dynamic scaling multiply the original length by `factor`; most configurations state the product
    as `max_position_embeddings` already, Qwen's do not.

    Args:
        fields: The configuration.
        rope: Its scaling.
        included: The stated context counts the scaling, and nothing tells the original.
    """
    stated = fields.integer_or(0, *_CONTEXT) or 2048
    if included or rope is None:
        return stated, stated
    name = "original_max_position_embeddings"
    original = Fields(fields.name, _table(fields), {}).integer_or(0, name) or fields.integer_or(0, name) or stated
    scaled = int(original * rope.factor) if rope.kind in _MULTIPLY and rope.factor else stated
    return original, max(stated, scaled)


def read_rope(text: str) -> Rope:
    """Read a scaling as people write it: "yarn:4" or "linear:2".

    Raises:
        ConfigError: It is no kind and factor.
    """
    kind, _, number = text.strip().lower().partition(":")
    try:
        factor = float(number)
    except ValueError:
        factor = 0.0
    if kind not in _MULTIPLY or not 1.0 < factor < math.inf:
        kinds = ", ".join(sorted(_MULTIPLY))
        raise ConfigError(f"{text!r} is no RoPE scaling; write a kind ({kinds}) and a factor above 1, as yarn:4")
    return Rope(kind, factor)


def stretched(shape: Shape, rope: Rope) -> Shape:
    """Lay a scaling over a model, in place of the one of its configuration.

    Raises:
        ConfigError: Its positions are not rotary.
    """
    if not shape.has_rope:
        raise ConfigError(f"{shape.name} has no rotary positions that a RoPE scaling could stretch")
    reached = int(shape.native_context * (rope.factor or 1.0))
    notes = shape.notes
    if rope.kind != "dynamic":  # That one begins where the native context ends.
        notes += (f"{_words(rope)} costs some quality on texts within {shape.native_context:,} tokens too",)
    return replace(shape, rope=rope, max_context=reached, notes=notes)


def what_reaches(shape: Shape, n_tokens: int) -> str:
    """Say which scaling reaches a context that is beyond the model's own."""
    if not shape.has_rope:
        return "its positions are not rotary, so no RoPE scaling stretches them"
    if shape.rope is not None and shape.rope.kind not in _MULTIPLY:
        return f"its {shape.rope.kind} scaling is trained in and reaches no further"
    if shape.rope is not None and shape.rope.factor and shape.native_context == shape.max_context:
        return f"its {shape.rope.kind} scaling is counted in those and reaches no further"
    factor = math.ceil(4 * n_tokens / shape.native_context) / 4
    kind, instead = (shape.rope.kind, f" instead of {shape.rope.factor:g}") if shape.rope else ("yarn", "")
    return f"RoPE scaling {kind}:{factor:g}{instead} reaches them"


def scaling_words(shape: Shape) -> str:
    """Name the scaling in force, for a sentence."""
    return f"its RoPE scaling ({_words(shape.rope)})" if shape.rope else "RoPE scaling"


def _words(rope: Rope) -> str:
    return f"{rope.kind} with factor {rope.factor:g}" if rope.factor else rope.kind


def _table(fields: Fields) -> dict[str, object]:
    return dict(fields.table("rope_scaling") or fields.table("rope_parameters"))
