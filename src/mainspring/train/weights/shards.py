"""Weights in safetensors, in one file or in several with an index: read and written one tensor at a time.

The format is a length, a JSON header with the place of each tensor, and their bytes; reading it here gives bfloat16
as numbers, which numpy has no type for, and writing it here needs no more memory than one tensor does.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import gguf
import numpy as np
from gguf import GGMLQuantizationType
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from mainspring.core.errors import ConfigError

Precision = Literal["F32", "F16", "BF16"]

WEIGHTS: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
ADAPTER: Final = "adapter_model.safetensors"
_WIDTHS: Final[Mapping[Precision, int]] = {"F32": 4, "F16": 2, "BF16": 2}
_MAX_HEADER_BYTES: Final = 100_000_000


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True)

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


class _Index(BaseModel):
    model_config = ConfigDict(frozen=True)

    weight_map: dict[str, str]


_HEADER: Final = TypeAdapter(dict[str, _Entry])


@dataclass(frozen=True, slots=True)
class Layout:
    """What a tensor is to be like."""

    shape: tuple[int, ...]
    precision: Precision

    @property
    def size_bytes(self) -> int:
        """Of its numbers."""
        return prod(self.shape) * _WIDTHS[self.precision]


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    offset: int
    layout: Layout


class Shards:
    """The weights in a folder, or in one file.

    Args:
        path: A folder in Hugging Face's form, or a safetensors file.

    Raises:
        ConfigError: There are none, or a file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[str, _Place] = {}
        for file in self._files():
            self._places |= _places(file)

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """What each tensor is like, by name."""
        return {name: place.layout for name, place in self._places.items()}

    def read(self, name: str) -> NDArray[np.float32]:
        """Read a tensor as numbers."""
        place = self._places[name]
        with place.path.open("rb") as file:
            file.seek(place.offset)
            raw = np.fromfile(file, np.uint8, place.layout.size_bytes)
        rows = raw.reshape(*place.layout.shape[:-1], -1)
        numbers: NDArray[np.float32] = gguf.quants.dequantize(rows, GGMLQuantizationType[place.layout.precision])
        return numbers.reshape(place.layout.shape)

    def _files(self) -> list[Path]:
        if self.path.is_file():
            return [self.path]
        if (self.path / INDEX).is_file():
            try:
                index = _Index.model_validate_json((self.path / INDEX).read_bytes())
            except ValidationError as error:
                raise ConfigError(f"{str(self.path / INDEX)!r} is damaged: {error}") from error
            return [self.path / name for name in sorted(set(index.weight_map.values()))]
        if (self.path / WEIGHTS).is_file():
            return [self.path / WEIGHTS]
        raise ConfigError(f"there are no weights in {str(self.path)!r}: neither {WEIGHTS} nor {INDEX}")


class ShardWriter:
    """A safetensors file that is written tensor by tensor, in the order of its layouts.

    Args:
        path: Where.
        layouts: What each tensor is like, by name.
    """

    def __init__(self, path: Path, layouts: Mapping[str, Layout]) -> None:
        self._left = dict(layouts)
        header: dict[str, object] = {"__metadata__": {"format": "pt"}}
        offset = 0
        for name, layout in layouts.items():
            end = offset + layout.size_bytes
            header[name] = {"dtype": layout.precision, "shape": layout.shape, "data_offsets": (offset, end)}
            offset = end
        words = json.dumps(header, separators=(",", ":")).encode()
        words += b" " * (-len(words) % 8)
        self._file = path.open("wb")
        self._file.write(struct.pack("<Q", len(words)) + words)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if error is None and self._left:
            raise ValueError(f"tensors were not written: {list(self._left)[:3]}")

    def write(self, name: str, numbers: NDArray[np.float32]) -> None:
        """Write the next tensor."""
        layout = self._left.pop(name)
        if numbers.shape != layout.shape:
            raise ValueError(f"{name!r} has the shape {numbers.shape}, not {layout.shape}")
        kept = gguf.quants.quantize(numbers.reshape(-1, layout.shape[-1]), GGMLQuantizationType[layout.precision])
        self._file.write(np.ascontiguousarray(kept).data)


def _places(path: Path) -> dict[str, _Place]:
    """Read where the tensors of a file stand."""
    try:
        with path.open("rb") as file:
            (header_bytes,) = struct.unpack("<Q", file.read(8))
            if header_bytes > _MAX_HEADER_BYTES:
                raise ValueError(f"its header would have {header_bytes} bytes")  # noqa: TRY301 - told with the others
            header = json.loads(file.read(header_bytes))
            size_bytes = file.seek(0, 2)
        header.pop("__metadata__", None)
        entries = _HEADER.validate_python(header)
        return {name: _place(path, 8 + header_bytes, size_bytes, entry) for name, entry in entries.items()}
    except OSError as error:
        raise ConfigError(f"the weights {str(path)!r} cannot be read: {error.strerror or error}") from error
    except (ValueError, struct.error, AttributeError) as error:
        raise ConfigError(f"{str(path)!r} is no whole safetensors file: {error}") from error


def _place(path: Path, start: int, size_bytes: int, entry: _Entry) -> _Place:
    precision = next((known for known in _WIDTHS if known == entry.dtype), None)
    if precision is None:
        raise ValueError(f"it holds numbers of the type {entry.dtype}; {', '.join(_WIDTHS)} are known")
    begin, end = entry.data_offsets
    layout = Layout(entry.shape, precision)
    if end - begin != layout.size_bytes or start + end > size_bytes:
        raise ValueError("it is cut off, or its header is wrong")
    return _Place(path, start + begin, layout)
