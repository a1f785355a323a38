"""Models and GPUs by name, from the two files in `data/`.

Keeps true: a name is matched after its spelling is evened out (case, spaces, hyphens, owner, "-Instruct"); what is
not found ends in a message with the nearest names. A path to a `config.json` is taken in place of a name.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from mainspring.core.errors import ConfigError
from mainspring.gpu.config import read_shape
from mainspring.gpu.shape import Shape

_MIB = 1024**2
_GPUS_PER_SERVER = 8
_MODEL_NOISE = re.compile(r"[-_ ](instruct|chat|it|base|hf|bf16|fp8|2507|0528|0324|0905|gguf)(?=$|[-_ ])")
_GPU_NOISE = re.compile(r"\b(nvidia|amd|instinct|geforce|tesla|tensor core|gpu)\b")


@dataclass(frozen=True, slots=True)
class Gpu:
    """One kind of GPU."""

    name: str
    memory_bytes: int
    """What a program can see of it, before any share is kept back."""
    counted_by: Literal["cuda", "driver", "datasheet"]
    """Who counted the bytes: CUDA, the driver's listing (up to 1 % more), or the vendor."""
    bandwidth_gb_s: int
    """Decimal gigabytes a second."""
    nvlink: int
    """GPUs that reach one another over NVLink or Infinity Fabric; 1 means PCIe only."""
    sold_gb: int
    """The number on the box."""

    @property
    def per_server(self) -> int:
        """GPUs in an ordinary server, within which tensor parallelism stays."""
        return 1 if self.name.startswith("GH200") else _GPUS_PER_SERVER


def find_model(name: str | Path) -> Shape:
    """Find a model by name, or read it from the path of a `config.json` or of the folder that holds it.

    Raises:
        ConfigError: No such model or file; the message suggests the nearest names.
    """
    text = str(name)
    if text.endswith(".json") or Path(text).joinpath("config.json").is_file():
        return read_shape(Path(text))
    known = _models()
    found = known.get(_model_key(text))
    if found is None:
        names = _nearest(_model_key(text), {key: model for key, (model, _) in known.items()})
        raise ConfigError(f"model {text!r} is not in the catalog; {names}give the path of its config.json instead")
    model, config = found
    return read_shape(config, model)


def find_gpu(name: str) -> Gpu:
    """Find a GPU by name, such as "h100", "H100 80GB" or "NVIDIA GeForce RTX 4090".

    Raises:
        ConfigError: No such GPU; the message suggests the nearest names.
    """
    known = _gpus()
    found = known.get(_gpu_key(name))
    if found is None:
        names = _nearest(_gpu_key(name), {key: gpu.name for key, gpu in known.items()})
        raise ConfigError(f"GPU {name!r} is not in the catalog; {names or 'see '}`list_gpus()` names all")
    return found


def list_models() -> tuple[str, ...]:
    """Name every model in the catalog."""
    return tuple(dict.fromkeys(model for model, _ in _models().values()))


def list_gpus() -> tuple[Gpu, ...]:
    """List every GPU in the catalog."""
    return tuple(dict.fromkeys(_gpus().values()))


@cache
def _models() -> Mapping[str, tuple[str, Mapping[str, object]]]:
    entries = json.loads(_data("models.json"))
    return {
        _model_key(alias): (name, entry["config"])
        for name, entry in entries.items()
        for alias in (name, *entry.get("aliases", ()))
    }


@cache
def _gpus() -> Mapping[str, Gpu]:
    table: dict[str, Gpu] = {}
    for entry in tomllib.loads(_data("gpus.toml"))["gpu"]:
        gpu = Gpu(
            name=entry["name"],
            memory_bytes=entry["memory_mib"] * _MIB,
            counted_by=entry["counted_by"],
            bandwidth_gb_s=entry["bandwidth_gb_s"],
            nvlink=entry["nvlink"],
            sold_gb=entry["sold_gb"],
        )
        short = entry["name"].rsplit(" ", 1)[0]
        for alias in (entry["name"], *entry.get("aliases", ()), short):
            table.setdefault(_gpu_key(alias), gpu)
    return table


def _data(name: str) -> str:
    return files("mainspring.gpu").joinpath("data", name).read_text(encoding="utf-8")


def _model_key(name: str) -> str:
    key = name.strip().lower().rsplit("/", 1)[-1].removeprefix("meta-")
    while (shorter := _MODEL_NOISE.sub("", key)) != key:
        key = shorter
    return re.sub(r"[^a-z0-9]", "", key)


def _gpu_key(name: str) -> str:
    key = _GPU_NOISE.sub("", name.strip().lower())
    return re.sub(r"[^a-z0-9]", "", key).removesuffix("gb")


def _nearest(key: str, names: Mapping[str, str]) -> str:
    close = difflib.get_close_matches(key, names, n=4, cutoff=0.5)
    near = list(dict.fromkeys(names[match] for match in close))
    return f"did you mean {', '.join(near)}? Otherwise " if near else ""
