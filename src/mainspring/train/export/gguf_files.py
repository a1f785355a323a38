"""What was trained, as GGUF for llama.cpp and what is built on it: a whole model, or an adapter beside a base."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from gguf import GGMLQuantizationType, GGUFValueType
from numpy.typing import NDArray

from mainspring.core.errors import ConfigError
from mainspring.train.bases import chat_template
from mainspring.train.export.trained import Trained
from mainspring.train.weights import GgufFile
from mainspring.train.weights.architectures import FREQUENCIES, gguf_name, permuted, rotated_heads
from mainspring.train.weights.configuration import head_dim_of, said_of_config
from mainspring.train.weights.gguf_file import Said
from mainspring.train.weights.gguf_writing import Planned, Quantization, kind_of, quantized_as, write_gguf
from mainspring.train.weights.rope import frequencies_of, said_of
from mainspring.train.weights.tokenizer_said import said_of_tokenizer

MODEL: Final = "model.gguf"
ADAPTER: Final = "adapter.gguf"
_NOT_COPIED: Final = ("general.architecture", "general.base_model.")
"""What the writer says itself, and what the base was made of in its turn."""


def write_model(trained: Trained, path: Path, quantization: Quantization) -> None:
    """Write a whole model.

    Raises:
        ConfigError: It is of a kind that is not known.
        OSError: It cannot be written.
    """
    kind = trained.architecture()
    said = _header(trained) | _named(trained, "model") | quantized_as(quantization)
    write_gguf(path, kind.name, said, _tensors(trained, quantization))


def write_adapter(trained: Trained, path: Path) -> None:
    """Write an adapter that is laid over the base's GGUF when that is loaded.

    Raises:
        ConfigError: All weights were trained, or the model is of a kind that is not known.
        OSError: It cannot be written.
    """
    adapter = trained.adapter
    if adapter is None:
        raise ConfigError(
            f"all weights were trained in {str(trained.run.path)!r}, so there is no adapter; take gguf"
        )
    said = _named(trained, "adapter") | {
        "adapter.type": Said(GGUFValueType.STRING, "lora"),
        "adapter.lora.alpha": Said(GGUFValueType.FLOAT32, adapter.alpha),
    }
    write_gguf(path, trained.architecture().name, said, _factors(trained))


def _named(trained: Trained, kind: str) -> dict[str, Said]:
    """Give what a header says of where the file comes from."""
    said = {
        "general.type": kind,
        "general.name": trained.run.path.resolve().name,
        "general.base_model.0.name": Path(trained.base.given).name,
        **({"general.license": trained.base.licence} if trained.base.licence else {}),
    }
    count = {"general.base_model.count": Said(GGUFValueType.UINT32, 1)}
    return {key: Said(GGUFValueType.STRING, value) for key, value in said.items()} | count


def _header(trained: Trained) -> dict[str, Said]:
    """Give what a header says of the model and its words: as in the base's GGUF, where the base was one."""
    kind = trained.architecture()
    if trained.base.gguf is None:
        template = chat_template(trained.words) or ""
        n_tokens = int(str(trained.config["vocab_size"]))
        words = said_of_tokenizer(trained.words, n_tokens)
        return (
            said_of_config(trained.config, kind)
            | words
            | {"tokenizer.chat_template": Said(GGUFValueType.STRING, template)}
        )
    file = GgufFile(trained.base.gguf)
    said = {key: one for key, one in file.said.items() if not key.startswith(_NOT_COPIED)}
    if trained.job.rope:
        window_tokens = int(str(trained.config["max_position_embeddings"]))
        said |= said_of(trained.config, kind.name)
        said[f"{kind.name}.context_length"] = Said(GGUFValueType.UINT32, window_tokens)
    return said


def _tensors(trained: Trained, quantization: Quantization) -> Iterator[Planned]:
    for name, layout in trained.layouts.items():
        there = gguf_name(name)
        if there is None:
            raise ConfigError(
                f"the model has a weight {name!r}, which no plain model of its kind has; take safetensors"
            )
        yield Planned(
            there, layout.shape, kind_of(there, layout.shape, quantization), partial(_ordered, trained, name)
        )
    factors = frequencies_of(trained.config, head_dim_of(trained.config))
    if factors is not None:
        yield Planned(FREQUENCIES, factors.shape, GGMLQuantizationType.F32, lambda: factors)


def _ordered(trained: Trained, name: str) -> NDArray[np.float32]:
    """Read a weight, its rows in the order that llama.cpp has them in."""
    return _in_order(trained, name, trained.read(name))


def _in_order(trained: Trained, name: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    heads = rotated_heads(name, trained.config) if trained.architecture().is_permuted else None
    return permuted(rows, heads) if heads else rows


def _factors(trained: Trained) -> Iterator[Planned]:
    """Give an adapter's factors; what its outputs are permuted by is its second factor's rows."""
    assert trained.adapter is not None  # noqa: S101 - the caller has asked
    for target in trained.adapter.targets:
        there, pair = gguf_name(target), trained.adapter.pair(target)
        if there is None:
            raise ConfigError(f"the adapter changes {target!r}, which GGUF has no name for; take safetensors")
        b = _in_order(trained, target, pair.b)
        for name, numbers in ((f"{there}.lora_a", pair.a), (f"{there}.lora_b", b)):
            yield Planned(name, numbers.shape, GGMLQuantizationType.F32, partial(np.asarray, numbers))
