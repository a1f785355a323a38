"""Weights on the disk: safetensors and GGUF, read and written one tensor at a time, and made of one another.

No torch: numpy, gguf and tokenizers do. What it keeps true: no more than one tensor is in memory at once, however
large the model is; what a file says of itself is checked before any of it is used.

May import `core` and `models`.
"""

from mainspring.train.weights.architectures import Architecture, architecture_of
from mainspring.train.weights.dequantizing import dequantize
from mainspring.train.weights.gguf_file import GgufFile
from mainspring.train.weights.shards import Shards

__all__ = ["Architecture", "GgufFile", "Shards", "architecture_of", "dequantize"]
