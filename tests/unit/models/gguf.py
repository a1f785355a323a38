"""Headers of GGUF files, as llama.cpp's converter writes them."""

import struct
from collections.abc import Mapping
from pathlib import Path

Value = int | float | str | list[str] | list[int]


def written(
    path: Path, model: Mapping[str, Value], architecture: str = "llama", *, vocabulary_first: bool = False
) -> Path:
    """Write a file that is a header alone.

    Args:
        path: Where to.
        model: What is said of the model, by keys without the architecture.
        architecture: What the model is.
        vocabulary_first: Whether its words come before what is said of it.
    """
    about: Mapping[str, Value] = {f"{architecture}.{key}": value for key, value in model.items()}
    vocabulary: Mapping[str, Value] = {"tokenizer.ggml.tokens": ["a", "b"], "tokenizer.ggml.token_type": [1, 1]}
    first, last = (vocabulary, about) if vocabulary_first else (about, vocabulary)
    values = {"general.architecture": architecture, **first, **last, "general.quantization_version": 2}
    pairs = b"".join(_text(key) + _value(value) for key, value in values.items())
    path.write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, 0, len(values)) + pairs)
    return path


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def _value(value: Value) -> bytes:
    match value:
        case str():
            return struct.pack("<I", 8) + _text(value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
    texts = [item for item in value if isinstance(item, str)]
    if texts:
        return struct.pack("<IIQ", 9, 8, len(texts)) + b"".join(map(_text, texts))
    return struct.pack("<IIQ", 9, 4, len(value)) + b"".join(struct.pack("<I", item) for item in value)
