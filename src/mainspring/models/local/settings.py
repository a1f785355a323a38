"""How to serve a model file on this machine.

What it keeps true: settings that contradict each other never reach a child.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Lora(BaseModel):
    """An adapter in a GGUF file, laid over the model when it is loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    scale: float = 1.0


class LocalSettings(BaseModel):
    """How to serve a model file on this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context_tokens: int = Field(default=8192, ge=64)
    """Tokens of context in each slot. Left out: 8,192, or what the model was trained for where that is less."""
    slots: int = Field(default=1, ge=1)
    """Requests served at once; each slot keeps the prompt of its last request."""
    threads: int | None = Field(default=None, ge=1)
    """Threads that write tokens. Left out: half the cores, since memory speed is the limit and the program
    needs a core too; replicas divide them."""
    prefill_threads: int | None = Field(default=None, ge=1)
    """Threads that read the prompt, which arithmetic limits. Left out: all cores; replicas divide them."""
    prompt_cache_mib: int = Field(default=1024, ge=0)
    """Memory for the prompts of requests that lost their slot to another."""
    strict: bool = False
    """Give the same text for the same request every time, at temperature 0 on the same machine: one slot, no
    prompt cache, no rearranged weights. A request must not ask for the prompt cache either."""
    embeddings: bool = False
    """Answer `/embeddings` too, with vectors of length 1. A text may have 2,048 tokens, or what a slot's context
    holds where that is less. Chat still works on the same child, but texts and replies wait for each other,
    whatever the number of slots: where both are many, give texts a child of their own."""
    pooling: Literal["mean", "cls", "last", "file"] = "mean"
    """How a text's tokens become one vector; `file` suits a model made for embeddings, whose file says how."""
    rope_scaling: Literal["none", "linear", "yarn"] = "none"
    """How to stretch the context past the one the model was trained for; none: as the file says. YaRN keeps more of
    what the model knows; both cost quality on texts that need no stretching."""
    rope_factor: float = Field(default=1.0, ge=1.0)
    """How many times the trained context a slot may have; the least that reaches is the best."""
    rope_original_tokens: int | None = Field(default=None, ge=1)
    """The trained context that is stretched; left out: as the file says."""
    lora: tuple[Lora, ...] = ()

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if self.strict and self.slots != 1:
            raise ValueError("strict serves one slot only: what runs beside a request changes its text")
        if (self.rope_scaling == "none") != (self.rope_factor == 1.0):
            raise ValueError("rope_scaling and a rope_factor above 1 belong together")
        if self.rope_original_tokens is not None and self.rope_scaling == "none":
            raise ValueError("rope_original_tokens is of use with a rope_scaling only")
        if self.pooling != "mean" and not self.embeddings:
            raise ValueError("pooling is of use with embeddings = true only")
        return self

    def threads_of(self, cores: int, replicas: int = 1) -> tuple[int, int]:
        """Give the threads that write tokens and those that read the prompt, where replicas divide the cores."""
        writing = self.threads or max(1, cores // (2 * replicas))
        reading = self.prefill_threads or max(self.threads or 1, cores // replicas)
        return writing, reading
