"""What the header of a GGUF file says of its context: trained for how long a text, and stretched how.

What it keeps true: reading a header never fails and never takes long. What cannot be made out is None; what is
wrong with such a file the native server says.

Source: ggml's `docs/gguf.md`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

_NUMBERS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING: Final = 8
_ARRAY: Final = 9
_MAX_STRING_BYTES: Final = 1 << 24
_MAX_STRINGS: Final = 1 << 21
"""More than any vocabulary; a file that announces more is damaged."""
_TOKENIZER: Final = "tokenizer."
"""Where the long lists begin; what a model is stands before them."""

_Value = int | float | str | None


@dataclass(frozen=True, slots=True)
class Header:
    """The context that a model file speaks of."""

    context_tokens: int | None = None
    """Tokens it takes as it is, its own RoPE scaling included."""
    original_tokens: int | None = None
    """Tokens it was trained on before that scaling, where the file tells them apart."""
    rope_scaling: str | None = None
    """`linear`, `yarn` or `longrope`, where the file has a scaling of its own."""
    rope_factor: float | None = None
    """How far that scaling stretches, where the file says."""

    @property
    def trained_tokens(self) -> int | None:
        """Tokens it was trained on before any scaling."""
        return self.original_tokens or self.context_tokens


def read_header(path: Path) -> Header:
    """Read what a GGUF file says of its context; a file that cannot be read says nothing."""
    found: dict[str, _Value] = {}
    try:
        with path.open("rb") as file:
            for key, value in _pairs(file):
                found[key] = value
                if key.startswith(_TOKENIZER) and _about(found, "context_length"):
                    break
    except (OSError, ValueError, KeyError, struct.error):
        return Header()
    kind, factor = _about(found, "rope.scaling.type"), _about(found, "rope.scaling.factor")
    if kind == "none":
        kind = factor = None
    return Header(
        context_tokens=_whole(_about(found, "context_length")),
        original_tokens=_whole(_about(found, "rope.scaling.original_context_length")),
        rope_scaling=kind if isinstance(kind, str) else None,
        rope_factor=factor if isinstance(factor, float) and factor > 0 else None,
    )


def _about(found: dict[str, _Value], key: str) -> _Value:
    """Give what is said of the model; such keys begin with the name of its architecture."""
    return found.get(f"{found.get('general.architecture')}.{key}")


def _whole(value: _Value) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _pairs(file: BinaryIO) -> Iterator[tuple[str, _Value]]:
    """Yield the keys and values of the header, None in place of a list."""
    magic, _, _, n_pairs = struct.unpack("<4sIQQ", file.read(24))
    if magic != b"GGUF":
        raise ValueError(magic)
    for _ in range(n_pairs):
        key = _text(file)
        yield key, _value(file, *_read(file, "I"))


def _value(file: BinaryIO, kind: int) -> _Value:
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        return _pass(file, *_read(file, "IQ"))
    return _read(file, _NUMBERS[kind])[0]


def _read(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))


def _text(file: BinaryIO) -> str:
    (size_bytes,) = _read(file, "Q")
    if size_bytes > _MAX_STRING_BYTES:
        raise ValueError(size_bytes)
    return file.read(size_bytes).decode(errors="replace")


def _pass(file: BinaryIO, kind: int, length: int) -> _Value:
    """Pass over a list, and give None in its place."""
    if kind != _STRING:
        file.seek(length * struct.calcsize(f"<{_NUMBERS[kind]}"), 1)
        return None
    if length > _MAX_STRINGS:
        raise ValueError(length)
    for _ in range(length):
        _text(file)
    return None
