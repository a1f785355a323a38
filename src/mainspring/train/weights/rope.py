"""How positions are stretched, as GGUF and as a Hugging Face configuration say it.

GGUF has linear stretching and YaRN (2309.00071) in its header, and that of Llama 3.1 as a tensor of one factor for
each frequency, from which the four numbers of a configuration are found again.

Source: `LlamaModel.generate_extra_tensors` in llama.cpp's `convert_hf_to_gguf.py`.
"""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from gguf import GGUFValueType
from numpy.typing import NDArray
from pydantic import JsonValue

from mainspring.core.errors import ConfigError
from mainspring.train.job import Rope
from mainspring.train.weights.architectures import FREQUENCIES
from mainspring.train.weights.gguf_file import GgufFile, Said

Config = Mapping[str, JsonValue]
Parameters = dict[str, JsonValue]

_LOW, _HIGH, _ORIGINAL_TOKENS = 1.0, 4.0, 8192
"""What all models of Llama 3.1 to 3.3 have; their factors differ."""
_THETA: Final = 10_000.0


def parameters_of(file: GgufFile, head_dim: int) -> Parameters:
    """Give what a GGUF says of positions as the `rope_parameters` of a configuration.

    Raises:
        ConfigError: It stretches them in a way that is not known.
    """
    theta = file.number("{arch}.rope.freq_base", _THETA)
    kind = file.value("{arch}.rope.scaling.type", "none")
    if FREQUENCIES in file.tensors:
        return _llama3(file, theta, head_dim)
    if kind == "none":
        return {"rope_type": "default", "rope_theta": theta}
    found: Parameters = {
        "rope_type": str(kind),
        "rope_theta": theta,
        "factor": file.number("{arch}.rope.scaling.factor"),
    }
    if kind == "yarn":
        found["original_max_position_embeddings"] = file.whole("{arch}.rope.scaling.original_context_length")
    elif kind != "linear":
        raise ConfigError(f"{str(file.path)!r} stretches positions by {kind!r}; linear, yarn and llama3 are known")
    return found


def parameters_in(config: Config) -> Parameters:
    """Give the `rope_parameters` of a configuration, which older files write in two fields."""
    new = config.get("rope_parameters")
    old = config.get("rope_scaling")
    found = dict(new) if isinstance(new, dict) else dict(old) if isinstance(old, dict) else {}
    found.setdefault("rope_type", found.pop("type", None) or "default")
    found.setdefault("rope_theta", config.get("rope_theta") or _THETA)
    return found


def stretched(config: Config, rope: Rope) -> dict[str, JsonValue]:
    """Give the configuration of a base whose positions a job has stretched."""
    window_tokens = int(str(config["max_position_embeddings"]))
    found = parameters_in(config) | {"rope_type": rope.kind, "factor": rope.factor}
    if rope.kind == "yarn":
        found["original_max_position_embeddings"] = window_tokens
    kept = {name: value for name, value in config.items() if name != "rope_scaling"}
    return kept | {"rope_parameters": found, "max_position_embeddings": int(window_tokens * rope.factor)}


def said_of(config: Config, architecture: str) -> dict[str, Said]:
    """Give what a GGUF header says of a configuration's positions.

    Raises:
        ConfigError: GGUF has no words for it.
    """
    found = parameters_in(config)
    prefix = f"{architecture}.rope"
    said = {f"{prefix}.freq_base": Said(GGUFValueType.FLOAT32, _float(found, "rope_theta"))}
    match found["rope_type"]:
        case "default" | "llama3":
            return said
        case "linear" | "yarn" as kind:
            said[f"{prefix}.scaling.type"] = Said(GGUFValueType.STRING, str(kind))
            said[f"{prefix}.scaling.factor"] = Said(GGUFValueType.FLOAT32, _float(found, "factor"))
        case other:
            raise ConfigError(f"positions that are stretched by {other!r} cannot be written to GGUF")
    if kind == "yarn":
        original = int(_float(found, "original_max_position_embeddings"))
        said[f"{prefix}.scaling.original_context_length"] = Said(GGUFValueType.UINT32, original)
    return said


def frequencies_of(config: Config, head_dim: int) -> NDArray[np.float32] | None:
    """Give the factor of each frequency where a configuration stretches as Llama 3.1 does; None elsewhere."""
    found = parameters_in(config)
    if found["rope_type"] != "llama3":
        return None
    return _factors(
        theta=_float(found, "rope_theta"),
        factor=_float(found, "factor"),
        bounds=(_float(found, "low_freq_factor"), _float(found, "high_freq_factor")),
        original_tokens=int(_float(found, "original_max_position_embeddings")),
        head_dim=head_dim,
    )


def _llama3(file: GgufFile, theta: float, head_dim: int) -> Parameters:
    given = file.read(FREQUENCIES)
    factor = round(float(given.max()), 4)
    made = _factors(
        theta=theta, factor=factor, bounds=(_LOW, _HIGH), original_tokens=_ORIGINAL_TOKENS, head_dim=head_dim
    )
    if given.shape != made.shape or not np.allclose(given, made, rtol=1e-4):
        raise ConfigError(
            f"{str(file.path)!r} stretches its frequencies, not as Llama 3.1 does; give its Hugging Face folder"
        )
    return {
        "rope_type": "llama3",
        "rope_theta": theta,
        "factor": factor,
        "low_freq_factor": _LOW,
        "high_freq_factor": _HIGH,
        "original_max_position_embeddings": _ORIGINAL_TOKENS,
    }


def _factors(
    *, theta: float, factor: float, bounds: tuple[float, float], original_tokens: int, head_dim: int
) -> NDArray[np.float32]:
    """Long waves are stretched by the whole factor, short ones not at all, those between by a part of it."""
    low, high = bounds
    lengths = 2 * math.pi * theta ** (np.arange(0, head_dim, 2, dtype=np.float64) / head_dim)
    part = np.clip((original_tokens / lengths - low) / (high - low), 0.0, 1.0)
    return np.asarray(1.0 / ((1.0 - part) / factor + part), np.float32)


def _float(found: Parameters, key: str) -> float:
    value = found.get(key)
    if not isinstance(value, int | float):
        raise ConfigError(f"the configuration's rope_parameters need the number {key!r}, and say {value!r}")
    return float(value)
