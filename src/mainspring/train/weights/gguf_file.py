"""A GGUF file, read: what it says of itself, and its tensors as numbers.

What it keeps true: a file that is cut off, damaged or no GGUF is an error that says so before any of it is used; of
its tensors only the one that is asked for is in memory.

Source: ggml's `docs/gguf.md`.
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Final

import gguf
import numpy as np
from gguf import GGMLQuantizationType, GGUFValueType
from numpy.typing import NDArray

from mainspring.core.errors import ConfigError

Number = bool | int | float
Value = Number | str | tuple[Number, ...] | tuple[str, ...]

_FORMS: Final = {
    GGUFValueType.UINT8: "B",
    GGUFValueType.INT8: "b",
    GGUFValueType.UINT16: "H",
    GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I",
    GGUFValueType.INT32: "i",
    GGUFValueType.FLOAT32: "f",
    GGUFValueType.BOOL: "?",
    GGUFValueType.UINT64: "Q",
    GGUFValueType.INT64: "q",
    GGUFValueType.FLOAT64: "d",
}
_VERSIONS: Final = (2, 3)
_MOST: Final = 1 << 32
"""More entries than any list of a model has; a file that announces more is damaged."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value of the header, with the type that it has there."""

    kind: GGUFValueType
    value: Value
    items: GGUFValueType | None = None
    """The type of a list's entries."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A tensor, and where its bytes stand."""

    name: str
    shape: tuple[int, ...]
    """As numpy has it: rows first."""
    kind: GGMLQuantizationType
    offset: int
    """From the beginning of the file."""
    size_bytes: int


class GgufFile:
    """A GGUF file, open for reading.

    Args:
        path: Where.

    Raises:
        ConfigError: It cannot be read, is no GGUF, or is not whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            raise ConfigError(f"the model file {str(path)!r} cannot be read: {error}") from error
        try:
            self.said, self.tensors = _contents(self._bytes)
        except (struct.error, UnicodeDecodeError, ValueError, KeyError) as error:
            raise ConfigError(
                f"{str(path)!r} is no whole GGUF file: {error}. Was its download cut off? Fetch it again"
            ) from error

    @property
    def architecture(self) -> str:
        """What llama.cpp calls the kind of model."""
        return str(self.value("general.architecture"))

    def value(self, key: str, default: Value | None = None) -> Value:
        """Give a value of the header; `{arch}` in a key is the architecture.

        Raises:
            ConfigError: It is not there, and there is no default.
        """
        named = key.replace("{arch}", self.architecture) if "{arch}" in key else key
        if named in self.said:
            return self.said[named].value
        if default is None:
            raise ConfigError(f"{str(self.path)!r} does not say {named!r}, which a model of its kind needs")
        return default

    def whole(self, key: str, default: int | None = None) -> int:
        """Give a value that is a whole number. Errors as in `value`."""
        value = self.value(key, default)
        if not isinstance(value, int):
            raise ConfigError(f"{str(self.path)!r} says {key} = {value!r}, which is no whole number")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Give a value that is a number. Errors as in `value`."""
        value = self.value(key, default)
        if not isinstance(value, int | float):
            raise ConfigError(f"{str(self.path)!r} says {key} = {value!r}, which is no number")
        return value

    def read(self, name: str) -> NDArray[np.float32]:
        """Read a tensor, dequantised where it is quantised.

        Raises:
            ConfigError: Its type is none that can be.
        """
        placed = self.tensors[name]
        raw = np.frombuffer(self._bytes, np.uint8, placed.size_bytes, placed.offset)
        block, block_bytes = gguf.GGML_QUANT_SIZES[placed.kind]
        rows = raw.reshape(*placed.shape[:-1], placed.shape[-1] // block * block_bytes)
        try:
            numbers: NDArray[np.float32] = gguf.quants.dequantize(rows, placed.kind)
        except NotImplementedError as error:
            raise ConfigError(
                f"tensor {name!r} of {str(self.path)!r} is of the type {placed.kind.name}, which is not known"
            ) from error
        return numbers.reshape(placed.shape).astype(np.float32, copy=False)


class _Cursor:
    """A place in the bytes of a file, moved by reading."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = 0

    def take(self, form: str) -> tuple[Number, ...]:
        values: tuple[Number, ...] = struct.unpack_from(f"<{form}", self._data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return values

    def whole(self, form: str) -> int:
        (value,) = self.take(form)
        if value > _MOST:
            raise ValueError(f"it announces {value} entries")
        return int(value)

    def text(self) -> str:
        size_bytes = self.whole("Q")
        text = self._data[self.at : self.at + size_bytes]
        if len(text) < size_bytes:
            raise ValueError("it ends within a text")
        self.at += size_bytes
        return text.decode()


def _contents(data: mmap.mmap) -> tuple[dict[str, Said], dict[str, Placed]]:
    """Read the header, and where the tensors stand."""
    cursor = _Cursor(data)
    if data[:4] != b"GGUF":
        raise ValueError(f"it begins with {data[:4]!r}")
    cursor.at = 4
    if (version := cursor.whole("I")) not in _VERSIONS:
        raise ValueError(f"it is of version {version}, and {_VERSIONS} are known")
    n_tensors, n_said = cursor.whole("Q"), cursor.whole("Q")
    said = {cursor.text(): _said(cursor) for _ in range(n_said)}
    placed = [_placed(cursor) for _ in range(n_tensors)]
    alignment = said["general.alignment"].value if "general.alignment" in said else gguf.GGUF_DEFAULT_ALIGNMENT
    start = -(-cursor.at // int(str(alignment))) * int(str(alignment))
    return said, {one.name: one for one in _settled(placed, start, len(data))}


def _said(cursor: _Cursor) -> Said:
    kind = GGUFValueType(cursor.whole("I"))
    if kind == GGUFValueType.STRING:
        return Said(kind, cursor.text())
    if kind != GGUFValueType.ARRAY:
        return Said(kind, cursor.take(_FORMS[kind])[0])
    items, length = GGUFValueType(cursor.whole("I")), cursor.whole("Q")
    if items == GGUFValueType.STRING:
        return Said(kind, tuple(cursor.text() for _ in range(length)), items)
    return Said(kind, cursor.take(f"{length}{_FORMS[items]}"), items)


def _placed(cursor: _Cursor) -> Placed:
    name = cursor.text()
    shape = tuple(cursor.whole("Q") for _ in range(cursor.whole("I")))[::-1]
    kind = GGMLQuantizationType(cursor.whole("I"))
    (offset,) = cursor.take("Q")
    block, block_bytes = gguf.GGML_QUANT_SIZES[kind]
    if not shape or shape[-1] % block:
        raise ValueError(f"tensor {name!r} has the shape {shape}, which {kind.name} cannot have")
    return Placed(name, shape, kind, int(offset), prod(shape) // block * block_bytes)


def _settled(tensors: list[Placed], start: int, size_bytes: int) -> Iterator[Placed]:
    """Give tensors with their offsets in the file, all of which are in it."""
    for one in tensors:
        offset = start + one.offset
        if offset + one.size_bytes > size_bytes:
            raise ValueError(
                f"tensor {one.name!r} ends at byte {offset + one.size_bytes}, and the file at {size_bytes}"
            )
        yield Placed(one.name, one.shape, one.kind, offset, one.size_bytes)
