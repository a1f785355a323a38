"""The KV cache: bytes per token and per sequence, by kind of attention, and the recurrent state beside it.

Sources: GQA (2305.13245) `2 x KV heads x head dim`; MLA (2405.04434, section 2.1.3) `latent + RoPE key`; sliding
window (2310.06825) never more than its window; pages as in PagedAttention (2309.06180).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from mainspring.core.errors import ConfigError
from mainspring.gpu.interval import Interval, ceil
from mainspring.gpu.shape import Attention, Latent, Mixer, Recurrent, Shape
from mainspring.gpu.split import Split

KV_BYTES: Mapping[str, Fraction] = {
    "fp32": Fraction(4),
    "bf16": Fraction(2),
    "fp16": Fraction(2),
    "fp8": Fraction(1),
    "int8": Fraction(1),
    "q8_0": Fraction(34, 32),
    "q4_0": Fraction(18, 32),
}
"""Bytes per cached element. int8 carries a scale and a zero (4 bytes) per head and token besides."""
PAGE_TOKENS = 16
"""Tokens per page, vLLM's default."""
_STATE_LOW_BYTES, _STATE_BYTES = 2, 4
"""The recurrent state is fp32 in most engines; some keep it in bf16."""


@dataclass(frozen=True, slots=True)
class CacheShare:
    """Which part of the cache is asked for."""

    split: Split = field(default_factory=Split)
    stage: tuple[int, int] | None = None
    """First layer and the one after the last; None takes all."""


def kv_bytes_per_token(shape: Shape, kv_dtype: str = "bf16") -> int:
    """Tell what one more token costs while it is within every sliding window, on an undivided model.

    Full and sliding layers `2 x KV heads x head dim x bytes`, latent layers `(kv_rank + rope_dim) x bytes`,
    recurrent layers nothing.
    """
    element = _element_bytes(kv_dtype)
    sizes = (
        n_layers * _mixer_bytes(mixer, element, kv_dtype, Split())
        for mixer, n_layers in _mixers(shape, CacheShare()).items()
    )
    return ceil(sum(sizes, Fraction(0)))


def kv_bytes_per_sequence(
    shape: Shape, n_tokens: int, kv_dtype: str = "bf16", share: CacheShare | None = None, *, chunk_tokens: int = 0
) -> Interval:
    """Tell what one sequence of `n_tokens` holds in the cache of one GPU.

    Args:
        shape: The model.
        n_tokens: Prompt and reply together.
        kv_dtype: A key of `KV_BYTES`.
        share: Parallelism and pipeline stage; the whole model otherwise.
        chunk_tokens: Tokens of a prefill chunk, which a sliding layer may hold beyond its window.

    Returns:
        Low without page rounding, likely with full pages, high with a chunk kept by sliding layers and one
        more page for each sequence.
    """
    share = share or CacheShare()
    element = _element_bytes(kv_dtype)
    low = likely = high = Fraction(0)
    paged = _pages(n_tokens)
    for mixer, n_layers in _mixers(shape, share).items():
        per_token = n_layers * _mixer_bytes(mixer, element, kv_dtype, share.split)
        window = mixer.window_tokens if isinstance(mixer, Attention) else None
        if window is None:
            spans = (n_tokens, paged, paged + PAGE_TOKENS)
        else:
            held = min(paged, _pages(window) + PAGE_TOKENS)
            beyond = min(paged, _pages(window + chunk_tokens)) + PAGE_TOKENS
            spans = (min(n_tokens, window), held, max(held, beyond))
        low, likely, high = (
            sofar + per_token * span for sofar, span in zip((low, likely, high), spans, strict=True)
        )
    return Interval.of(low, likely, high)


def state_bytes_per_sequence(shape: Shape, share: CacheShare | None = None) -> Interval:
    """Tell the recurrent state of one sequence: the same at any context, divided by tensor parallelism."""
    share = share or CacheShare()
    low = likely = Fraction(0)
    for mixer, n_layers in _mixers(shape, share).items():
        if isinstance(mixer, Recurrent):
            conv = 2 * mixer.n_conv_state
            low += n_layers * Fraction(mixer.n_state * _STATE_LOW_BYTES + conv, share.split.tensor)
            likely += n_layers * Fraction(mixer.n_state * _STATE_BYTES + conv, share.split.tensor)
    return Interval.of(low, likely, likely)


def whole_window_bytes(shape: Shape, n_tokens: int, kv_dtype: str = "bf16") -> int:
    """Tell what a sequence holds in an engine that keeps sliding layers whole."""
    return kv_bytes_per_token(shape, kv_dtype) * _pages(n_tokens)


def _mixers(shape: Shape, share: CacheShare) -> Counter[Mixer]:
    start, stop = share.stage or (0, len(shape.layers))
    return Counter(layer.mixer for layer in shape.layers[start:stop] if layer.mixer is not None)


def _mixer_bytes(mixer: Mixer, element: Fraction, kv_dtype: str, split: Split) -> Fraction:
    match mixer:
        case Attention():
            scales = 4 if kv_dtype == "int8" else 0
            per_head = 2 * (mixer.head_dim * element + scales)
            return Fraction(mixer.n_kv_heads, min(split.tensor, mixer.n_kv_heads)) * per_head
        case Latent():  # One latent serves all heads, so tensor parallelism copies it.
            return (mixer.kv_rank + mixer.rope_dim) * element + (4 if kv_dtype == "int8" else 0)
    return Fraction(0)


def _element_bytes(kv_dtype: str) -> Fraction:
    key = {"fp8_e4m3": "fp8", "fp8_e5m2": "fp8", "auto": "bf16", "f16": "fp16"}.get(
        kv_dtype.lower(), kv_dtype.lower()
    )
    if key not in KV_BYTES:
        raise ConfigError(f"KV cache type {kv_dtype!r} is not known; take one of {', '.join(KV_BYTES)}")
    return KV_BYTES[key]


def _pages(n_tokens: int) -> int:
    return -(-n_tokens // PAGE_TOKENS) * PAGE_TOKENS
