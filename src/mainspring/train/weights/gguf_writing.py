"""A GGUF file, written tensor by tensor, each quantised on its way to the disk."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import gguf
import numpy as np
from gguf import GGMLQuantizationType, GGUFValueType, LlamaFileType
from numpy.typing import NDArray

from mainspring.train.weights.gguf_file import Said

Quantization = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]

_FILE_TYPES: Final[Mapping[Quantization, LlamaFileType]] = {
    "f32": LlamaFileType.ALL_F32,
    "f16": LlamaFileType.MOSTLY_F16,
    "bf16": LlamaFileType.MOSTLY_BF16,
    "q8_0": LlamaFileType.MOSTLY_Q8_0,
    "q5_1": LlamaFileType.MOSTLY_Q5_1,
    "q5_0": LlamaFileType.MOSTLY_Q5_0,
    "q4_1": LlamaFileType.MOSTLY_Q4_1,
    "q4_0": LlamaFileType.MOSTLY_Q4_0,
}
_VOCABULARY: Final = ("token_embd.weight", "output.weight")
"""What a model loses most by in few bits; llama.cpp's own quantiser spares it too."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A tensor that is to be written."""

    name: str
    shape: tuple[int, ...]
    kind: GGMLQuantizationType
    read: Callable[[], NDArray[np.float32]]
    """Gives its numbers when it is its turn."""


def kind_of(name: str, shape: tuple[int, ...], quantization: Quantization) -> GGMLQuantizationType:
    """Choose the type of a tensor: vectors stay as they are, and rows that blocks do not divide have 16 bits."""
    if len(shape) == 1:
        return GGMLQuantizationType.F32
    few = quantization.startswith(("q4", "q5"))
    kind = GGMLQuantizationType[("q8_0" if few and name in _VOCABULARY else quantization).upper()]
    block, _ = gguf.GGML_QUANT_SIZES[kind]
    return kind if shape[-1] % block == 0 else GGMLQuantizationType.F16


def quantized_as(quantization: Quantization) -> dict[str, Said]:
    """Give what a header says of how its tensors are quantised."""
    return {
        "general.file_type": Said(GGUFValueType.UINT32, int(_FILE_TYPES[quantization])),
        "general.quantization_version": Said(GGUFValueType.UINT32, gguf.GGML_QUANT_VERSION),
    }


def write_gguf(path: Path, architecture: str, said: Mapping[str, Said], tensors: Iterable[Planned]) -> None:
    """Write a GGUF file.

    Raises:
        OSError: It cannot be written.
    """
    planned = [*tensors]
    writer = gguf.GGUFWriter(path, architecture)
    try:
        for key, one in said.items():
            writer.add_key_value(key, one.value, one.kind, sub_type=one.items)
        for tensor in planned:
            size_bytes = _size_bytes(tensor)
            writer.add_tensor_info(
                tensor.name, tensor.shape, np.dtype(np.float32), size_bytes, raw_dtype=tensor.kind
            )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in planned:
            rows = tensor.read().reshape(tensor.shape)
            writer.write_tensor_data(np.ascontiguousarray(gguf.quants.quantize(rows, tensor.kind)))
        writer.flush()
    finally:
        with contextlib.suppress(OSError):  # a full disk shows again when the last buffer is written
            writer.close()


def _size_bytes(tensor: Planned) -> int:
    block, block_bytes = gguf.GGML_QUANT_SIZES[tensor.kind]
    return int(np.prod(tensor.shape)) // block * block_bytes
