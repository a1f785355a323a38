"""From what training left to a table `[models.NAME]`: a folder, a GGUF file, an adapter, or a server's address.

Weights are named by whole paths, so that a gateway finds them wherever it is started. What a folder says besides
(how the model was taught to call tools, what it was tuned from) is read where it stands.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mainspring.core.errors import ConfigError
from mainspring.models.config import FILE_NAME, load_settings
from mainspring.models.local.header import read_header
from mainspring.promotion.settings_file import SettingsFile

_MODE: Final = "structured"
_CONTEXT_TOKENS: Final = 8192
_EXPORTS: Final = "exports"
_HEAD_BYTES: Final = 1 << 16
_ADAPTER: Final = b"adapter.type"
"""A key that the header of an adapter begins with, and that of no model has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person says of a model to add."""

    out: str
    """A folder, a file, or a URL."""
    name: str | None = None
    to: str | None = None
    """Which export of a folder, where there are several."""
    base: str | None = None
    """What an adapter is laid over, where its folder does not say."""
    served_as: str | None = None
    """What the server at a URL calls it."""
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """A model as it stands in the settings."""

    name: str
    table: dict[str, Any]
    changed: bool
    """Whether anything had to be written."""


def add(file: SettingsFile, wanted: Wanted, *, replaces: bool = False) -> Added:
    """Write a model into the settings; one that stands there already, just so, is left as it is.

    Args:
        file: The settings.
        wanted: What is to be added.
        replaces: Whether another one of that name may be written over.

    Raises:
        ConfigError: There is nothing there that could be served, or another model has that name.
    """
    name, table = _described(wanted, file.path)

    def changed(models: Any) -> dict[str, Any]:
        known = models.get(name)
        if known is not None and known != table and not replaces:
            raise ConfigError(
                f"there is another model {name!r} in {file.path}; give this one another name, or --replace"
            )
        return {**models, name: table}

    return Added(name, table, file.change(changed))


def _described(wanted: Wanted, settings: Path) -> tuple[str, dict[str, Any]]:
    """Give the name and the table of a model."""
    if wanted.out.startswith(("http://", "https://")):
        if not wanted.served_as:
            raise ConfigError(f"say what the server at {wanted.out} calls the model, with --model")
        table = {"base_url": wanted.out.rstrip("/"), "model": wanted.served_as}
        return wanted.name or _slug(wanted.served_as), table | _context(wanted.context_tokens)
    place = Path(wanted.out).expanduser().absolute()
    weights = _weights(place, wanted.to)
    said = _Said(weights)
    local: dict[str, Any] = {}
    model = str(weights)
    if _is_adapter(weights):
        model = wanted.base or said.base(settings)
        local["lora"] = [{"path": str(weights)}]
    trained = None if local else read_header(weights).context_tokens
    if wanted.context_tokens or trained:
        local["context_tokens"] = wanted.context_tokens or min(_CONTEXT_TOKENS, trained or _CONTEXT_TOKENS)
    table = {"provider": "local", "model": model, "mode": said.mode}
    return wanted.name or said.name, table | ({"local": local} if local else {})


def _context(tokens: int | None) -> dict[str, Any]:
    return {} if tokens is None else {"context_tokens": tokens}


def _weights(place: Path, to: str | None) -> Path:
    """Find the one file of a folder that llama.cpp can serve."""
    if place.is_file():
        if place.suffix != ".gguf":
            raise ConfigError(f"{str(place)!r} is no GGUF file; `mainspring train export --to gguf` writes one")
        return place
    if not place.is_dir():
        raise ConfigError(f"there is no folder and no file {str(place)!r}")
    found = [path for path in _files(place) if to is None or _is_export(path, to)]
    if len(found) == 1:
        return found[0]
    if not found:
        which = "no GGUF file" if to is None else f"no export {to!r} with a GGUF file"
        raise ConfigError(
            f"the folder {str(place)!r} holds {which}; write one with "
            f"`mainspring train export {place.name} --to {to or 'gguf'}`, or give the address of a server"
        )
    listed = ", ".join(str(path.relative_to(place)) for path in found)
    raise ConfigError(f"the folder {str(place)!r} holds several: {listed}; name one of them, or say --to")


def _files(place: Path) -> list[Path]:
    """Give the GGUF files of an export, or of all exports of a training run."""
    return sorted([*place.glob("*.gguf"), *place.glob(f"{_EXPORTS}/*/*.gguf")])


def _is_export(weights: Path, to: str) -> bool:
    """Tell whether a file is of the kind, or in the export, that is asked for."""
    if to in {"gguf", "gguf-adapter"}:
        return _is_adapter(weights) == (to == "gguf-adapter")
    return weights.parent.name == to


def _is_adapter(weights: Path) -> bool:
    try:
        with weights.open("rb") as file:
            return _ADAPTER in file.read(_HEAD_BYTES)
    except OSError as error:
        raise ConfigError(f"{str(weights)!r} cannot be read: {error.strerror or error}") from error


class _Said:
    """What the folders above a file say of it.

    Args:
        weights: The file.
    """

    def __init__(self, weights: Path) -> None:
        self._weights = weights
        self._job = dict(self._read("job.json"))
        self._base = dict(self._read("base.json"))

    @property
    def name(self) -> str:
        """A name for it: that of the training run, or of the file."""
        return _slug(Path(str(self._job["out"])).name if self._job.get("out") else self._weights.stem)

    @property
    def mode(self) -> str:
        """How it was taught to call tools."""
        return str(self._job.get("mode", _MODE))

    def base(self, settings: Path) -> str:
        """Give what an adapter is laid over.

        Raises:
            ConfigError: Nobody says.
        """
        given = self._base.get("given")
        if given in load_settings(settings if settings.exists() else None).embedded():
            return str(given)
        if self._base.get("gguf"):
            return str(self._base["gguf"])
        raise ConfigError(
            f"{self._weights.name!r} is an adapter, and nothing says of which GGUF file; name it with --base"
        )

    def _read(self, name: str) -> Iterator[tuple[str, Any]]:
        """Read a file of the training run, if there is one in one of the folders above."""
        for folder in self._weights.parents[:3]:
            try:
                read = json.loads((folder / name).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if isinstance(read, dict):
                yield from read.items()
                return


def _slug(words: str) -> str:
    return re.sub(r"[^\w-]+", "-", words).strip("-").lower() or FILE_NAME.partition(".")[0]
