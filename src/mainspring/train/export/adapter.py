"""An adapter in PEFT's form, read: which weights of the base it changes, and by how much.

Source: LoRA (2106.09685), W + s·B·A with s = alpha / r, or alpha / √r where it is rank-stabilised (2312.03732).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from mainspring.core.errors import ConfigError
from mainspring.train.weights import Shards
from mainspring.train.weights.shards import ADAPTER, Layout

_CONFIG: Final = "adapter_config.json"
_PREFIX: Final = "base_model.model."
_A, _B = ".lora_A.weight", ".lora_B.weight"


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    peft_type: str
    r: int
    lora_alpha: float
    use_rslora: bool = False
    use_dora: bool = False
    fan_in_fan_out: bool = False
    bias: str = "none"
    modules_to_save: list[str] | None = None
    rank_pattern: dict[str, Any] = {}
    alpha_pattern: dict[str, Any] = {}

    @property
    def oddities(self) -> list[str]:
        """What it says that is not known here."""
        told = {
            f"peft_type {self.peft_type}": self.peft_type != "LORA",
            "use_dora": self.use_dora,
            "fan_in_fan_out": self.fan_in_fan_out,
            f"bias {self.bias}": self.bias != "none",
            "modules_to_save": bool(self.modules_to_save),
            "rank_pattern": bool(self.rank_pattern),
            "alpha_pattern": bool(self.alpha_pattern),
        }
        return [words for words, is_so in told.items() if is_so]


@dataclass(frozen=True, slots=True)
class Pair:
    """The two factors of what an adapter adds to a weight."""

    a: NDArray[np.float32]
    """Rank by inputs."""
    b: NDArray[np.float32]
    """Outputs by rank."""


class LowRank:
    """An adapter on a base.

    Args:
        folder: In PEFT's form.
        base: What the weights of the base are like, by name.

    Raises:
        ConfigError: It is damaged, of a kind that is not known, or made for another base.
    """

    def __init__(self, folder: Path, base: Mapping[str, Layout]) -> None:
        config = _read(folder / _CONFIG)
        self.alpha = config.lora_alpha * (config.r**0.5 if config.use_rslora else 1.0)
        """What is added is scaled by this, over the rank."""
        self._rank = config.r
        self._shards = Shards(folder / ADAPTER)
        names = {name.removeprefix(_PREFIX).removesuffix(_A).removesuffix(_B) for name in self._shards.layouts}
        self.targets = tuple(f"{name}.weight" for name in sorted(names))
        """The weights that it changes, by name."""
        for target in self.targets:
            self._check(target, base)

    def pair(self, target: str) -> Pair:
        """Read the factors for a weight."""
        stem = _PREFIX + target.removesuffix(".weight")
        return Pair(self._shards.read(stem + _A), self._shards.read(stem + _B))

    def added(self, target: str) -> NDArray[np.float32]:
        """Give what is added to a weight."""
        pair = self.pair(target)
        return np.asarray(self.alpha / self._rank * (pair.b @ pair.a), np.float32)

    def _check(self, target: str, base: Mapping[str, Layout]) -> None:
        layouts, stem = self._shards.layouts, _PREFIX + target.removesuffix(".weight")
        if not {stem + _A, stem + _B} <= set(layouts):
            raise ConfigError(
                f"the adapter {str(self._shards.path)!r} lacks a factor for {target!r}: it is damaged"
            )
        made_for = (layouts[stem + _B].shape[0], layouts[stem + _A].shape[-1])
        if target not in base or base[target].shape != made_for:
            there = base[target].shape if target in base else "none of that name"
            raise ConfigError(
                f"the adapter {str(self._shards.path)!r} was made for another base: its {target!r} is {made_for}, "
                f"and the base has {there}"
            )


def _read(path: Path) -> _Config:
    try:
        config = _Config.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"the adapter's {str(path)!r} cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        raise ConfigError(f"{str(path)!r} is no configuration of a LoRA adapter: {error}") from error
    if config.oddities:
        raise ConfigError(f"the adapter {str(path)!r} says {', '.join(config.oddities)}, which cannot be exported")
    return config
