"""The model that training came to, whichever way: its weights, its configuration, its words.

What it keeps true: weights are those of the base before it was quantised for serving, and an adapter's share is
added to them in 32 bits; a base that is not the one the run was trained on is an error.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue, ValidationError

from mainspring.core.errors import ConfigError
from mainspring.models.files.store import hash_of
from mainspring.train.bases import resolve_base
from mainspring.train.export.adapter import LowRank
from mainspring.train.folder import Base, RunFolder
from mainspring.train.job import Job
from mainspring.train.weights import Architecture, Shards, architecture_of
from mainspring.train.weights.rope import stretched
from mainspring.train.weights.shards import Layout

WORDS: Final = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "chat_template.jinja",
    "generation_config.json",
)
"""The files of a model beside its weights and configuration, as far as they are there."""


class Trained:
    """A model that was trained, open for reading.

    Args:
        run: Its folder.
        job: What was run.
        base: What it was made of.
    """

    def __init__(self, run: RunFolder, job: Job, base: Base) -> None:
        self.run, self.job, self.base = run, job, base
        self.is_adapter = (run.model / "adapter_config.json").is_file()
        if not self.is_adapter and not (run.model / "config.json").is_file():
            raise ConfigError(f"there is no trained model in {str(run.path)!r}: its run has not come to its end")
        self._shards = Shards(base.folder if self.is_adapter else run.model)
        self.adapter = LowRank(run.model, self._shards.layouts) if self.is_adapter else None
        self._changed = frozenset(self.adapter.targets) if self.adapter else frozenset()
        self.config = self._config()
        own_words = (run.model / "tokenizer.json").is_file()
        self.words = run.model if own_words and not self.is_adapter else base.folder
        """The folder with its tokenizer and template."""

    @classmethod
    def open(cls, run: RunFolder) -> Self:
        """Open what came of a run.

        Raises:
            ConfigError: The run is not at its end, a file is damaged, or the base is gone or another one.
        """
        try:
            job = Job.model_validate_json(run.job.read_bytes())
            base = Base.model_validate_json(run.base.read_bytes())
        except OSError as error:
            raise ConfigError(f"{str(run.path)!r} is no folder of a training run: {error}") from error
        except ValidationError as error:
            raise ConfigError(f"{str(run.path)!r} was not written by this version: {error}") from error
        return cls(run, job, _same_base(base))

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """What each weight is like, by its name in Hugging Face's form."""
        return self._shards.layouts

    def read(self, name: str) -> NDArray[np.float32]:
        """Read a weight, with what the adapter adds."""
        numbers = self._shards.read(name)
        if self.adapter and name in self._changed:
            return numbers + self.adapter.added(name)
        return numbers

    def architecture(self) -> Architecture:
        """Give the kind of model, for what needs one that is known.

        Raises:
            ConfigError: It is none that is.
        """
        return architecture_of(str(self.config.get("model_type")), whose=repr(self.base.given))

    def _config(self) -> dict[str, JsonValue]:
        folder = self.base.folder if self.is_adapter else self.run.model
        try:
            config: dict[str, JsonValue] = json.loads((folder / "config.json").read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(f"{str(folder / 'config.json')!r} cannot be read: {error}") from error
        return stretched(config, self.job.rope) if self.is_adapter and self.job.rope else config


def _same_base(base: Base) -> Base:
    """See that a base is still what the run was trained on, and make its folder again where the cache lost it."""
    if base.gguf is not None and not base.folder.is_dir():
        base = resolve_base(base.given).model_copy(update={"sha256": base.sha256})
    if not base.folder.is_dir():
        raise ConfigError(f"the base {base.given!r} is not at {str(base.folder)!r} any more")
    if base.gguf is not None and not _is_same(base.gguf, base.sha256):
        raise ConfigError(f"the base {str(base.gguf)!r} is gone, or another file than the run was trained on")
    return base


def _is_same(path: Path, sha256: str) -> bool:
    return path.is_file() and hash_of(path).hexdigest() == sha256
