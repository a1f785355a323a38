"""How many bits a weight takes in each format, and which weights a format leaves alone.

Keeps true: bits are exact counts of a block's fields (values, scales, zeros) over its weights. What lies between
low and high is the choice of scales, which differs between quantisers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mainspring.core.errors import ConfigError
from mainspring.gpu.gguf import MIXES, Mix, tensor_bits
from mainspring.gpu.shape import Shape
from mainspring.gpu.tensors import Tensor


@dataclass(frozen=True, slots=True)
class Format:
    """Bits per weight of the matrices it covers; the rest stays at `rest_bits`."""

    name: str
    low_bits: float
    likely_bits: float
    high_bits: float
    covers: Literal["everything", "linears", "experts"] = "linears"
    """"experts" covers routed experts, and all linears of a model that has none (gpt-oss's mxfp4)."""
    rest_bits: int = 16
    source: str = ""


def _fixed(name: str, bits: float, source: str) -> Format:
    return Format(name, bits, bits, bits, "everything", rest_bits=int(bits), source=source)


def _scaled(name: str, low: float, likely: float, high: float, source: str) -> Format:
    return Format(name, low, likely, high, source=source)


FORMATS: Mapping[str, Format] = {
    "fp32": _fixed("fp32", 32, "4 bytes a weight"),
    "bf16": _fixed("bf16", 16, "2 bytes a weight"),
    "fp16": _fixed("fp16", 16, "2 bytes a weight"),
    "fp8": _scaled("fp8", 8, 8 + 32 / 128**2, 8 + 16 / 128, "8 bits + fp32 scale per 128x128 (2412.19437)"),
    "int8": _scaled("int8", 8, 8 + 16 / 4096, 8 + 16 / 128, "8 bits + a scale per row (2208.07339)"),
    "int4": _scaled("int4", 4 + 16 / 128, 4 + 20 / 128, 4 + 32 / 128, "4 bits, scale and zero per 128"),
    "gptq": _scaled(
        "gptq", 4 + 16 / 128, 4 + 20 / 128, 4 + 32 / 128, "4 bits, scale and zero per 128 (2210.17323)"
    ),
    "awq": _scaled("awq", 4 + 16 / 128, 4 + 20 / 128, 4 + 32 / 128, "4 bits, scale and zero per 128 (2306.00978)"),
    "nf4": _scaled(
        "nf4",
        4 + 8 / 64 + 32 / 64 / 256,
        4 + 8 / 64 + 32 / 64 / 256,
        4 + 32 / 64,
        "4 bits + double-quantised scale per 64 (QLoRA, 2305.14314)",
    ),
    "nvfp4": _scaled("nvfp4", 4.5, 4.5, 4.6, "4 bits + fp8 scale per 16"),
    "mxfp4": Format("mxfp4", 4.25, 4.25, 4.35, "experts", 16, "4 bits + 8-bit scale per 32 (OCP MX v1.0)"),
}
"""Formats of safetensors checkpoints. Embeddings, head, norms and routers stay bf16 in the quantised ones."""

_ALIASES = {
    "float32": "fp32",
    "bfloat16": "bf16",
    "float16": "fp16",
    "half": "fp16",
    "f8": "fp8",
    "w8a8": "int8",
    "w4a16": "int4",
    "4bit": "nf4",
    "8bit": "int8",
}


def weight_format(name: str) -> Format | Mix:
    """Look a weight format up, GGUF mixes included.

    Raises:
        ConfigError: There is no such format.
    """
    key = name.strip().lower().replace("-", "_")
    key = _ALIASES.get(key, key)
    found = FORMATS.get(key) or MIXES.get(key)
    if found is None:
        raise ConfigError(
            f"weight format {name!r} is not known; take one of {', '.join(FORMATS)}, "
            f"or a GGUF type: {', '.join(MIXES)}"
        )
    return found


def bits_of(tensor: Tensor, fmt: Format | Mix, shape: Shape, place: tuple[int, int]) -> tuple[float, float, float]:
    """Tell the low, likely and high bits per weight of one matrix.

    Args:
        tensor: The matrix.
        fmt: The format of the model's weights.
        shape: The model, whose head and experts decide about some types.
        place: The layer's index and the number of layers; GGUF mixes give some layers more bits.
    """
    if isinstance(fmt, Mix):
        bits = tensor_bits(tensor, fmt, shape, place)
        return bits, bits, bits
    only_experts = fmt.covers == "experts" and shape.n_experts > 0
    covered = tensor.cut == "expert" and tensor.part != "small" if only_experts else tensor.is_linear
    if fmt.covers == "everything" or covered:
        return fmt.low_bits, fmt.likely_bits, fmt.high_bits
    return fmt.rest_bits, fmt.rest_bits, fmt.rest_bits
