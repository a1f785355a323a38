"""A GGUF file made into a folder in Hugging Face's form, with weights of 32 bits: what training begins with."""

import json
from pathlib import Path

from mainspring.core.errors import ConfigError
from mainspring.train.weights.architectures import (
    FREQUENCIES,
    architecture_of,
    hugging_face_name,
    rotated_heads,
    unpermuted,
)
from mainspring.train.weights.configuration import config_of
from mainspring.train.weights.gguf_file import GgufFile
from mainspring.train.weights.shards import WEIGHTS, Layout, ShardWriter
from mainspring.train.weights.tokenizer import tokenizer_files


def dequantize(file: GgufFile, folder: Path) -> None:
    """Write the model of a GGUF file into an empty folder: configuration, tokenizer, template, weights.

    Raises:
        ConfigError: The model, its tokenizer or a tensor is of a kind that is not known.
        OSError: It cannot be written.
    """
    if file.whole("split.count", 1) > 1:
        raise ConfigError(
            f"{str(file.path)!r} is a part of a model; join all of them with llama-gguf-split --merge"
        )
    kind = architecture_of(file.architecture, whose=repr(str(file.path)))
    config = config_of(file, kind)
    names = _names(file)
    for name, content in tokenizer_files(file).items():
        (folder / name).write_text(content, encoding="utf-8")
    layouts = {here: Layout(file.tensors[there].shape, "F32") for here, there in names.items()}
    with ShardWriter(folder / WEIGHTS, layouts) as writer:
        for here, there in names.items():
            numbers = file.read(there)
            heads = rotated_heads(here, config) if kind.is_permuted else None
            writer.write(here, unpermuted(numbers, heads) if heads else numbers)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _names(file: GgufFile) -> dict[str, str]:
    """Give the tensors by their name in Hugging Face's form."""
    names: dict[str, str] = {}
    for there in file.tensors:
        here = hugging_face_name(there)
        if here:
            names[here] = there
        elif there != FREQUENCIES:
            raise ConfigError(
                f"{str(file.path)!r} has a tensor {there!r}, which no plain {file.architecture!r} model has; "
                "give the model's Hugging Face folder instead"
            )
    return names
