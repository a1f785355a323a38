"""A model served on this machine: llama.cpp's server in a child process, started when it is first needed.

What it keeps true: native code cannot take the caller down, since it lives in another process; that process is
gone when its parent is gone, however that ended; and a server that dies is started again at the next call, but
not for ever.
"""

import importlib.util
import os
import secrets
import threading
import time
import weakref
from collections import deque
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mainspring.core.errors import ConfigError, ModelUnavailable
from mainspring.core.threads import in_daemon_thread
from mainspring.models.cache import cache_dir
from mainspring.models.http import Address
from mainspring.models.local.child import Child, ChildDied, ChildRefused

START_DEADLINE_S = 180.0
"""How long a model may take to load; a large file on a cold disk takes minutes."""
_DEATHS = 3
_DEATHS_WITHIN_S = 60.0
_GGUF = b"GGUF"


class Lora(BaseModel):
    """An adapter in a GGUF file, laid over the model when it is loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    scale: float = 1.0


class LocalSettings(BaseModel):
    """How to serve a model file on this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context_tokens: int = Field(default=8192, ge=64)
    """Tokens of context in each slot."""
    slots: int = Field(default=1, ge=1)
    """Requests served at once; each slot keeps the prompt of its last request."""
    threads: int | None = Field(default=None, ge=1)
    """Threads that write tokens. Left out: half the cores, since memory speed is the limit and the program
    needs a core too."""
    prefill_threads: int | None = Field(default=None, ge=1)
    """Threads that read the prompt, which arithmetic limits. Left out: all cores."""
    prompt_cache_mib: int = Field(default=1024, ge=0)
    """Memory for the prompts of requests that lost their slot to another."""
    strict: bool = False
    """Give the same text for the same request every time, at temperature 0 on the same machine: one slot, no
    prompt cache, no rearranged weights. A request must not ask for the prompt cache either."""
    rope_scaling: Literal["none", "linear", "yarn"] = "none"
    """How to stretch the context past the one the model was trained for; none: as the file says."""
    rope_factor: float = Field(default=1.0, ge=1.0)
    """How many times the trained context."""
    rope_original_tokens: int | None = Field(default=None, ge=1)
    """The trained context that YaRN starts from; left out: as the file says."""
    lora: tuple[Lora, ...] = ()

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if self.strict and self.slots != 1:
            raise ValueError("strict serves one slot only: what runs beside a request changes its text")
        if (self.rope_scaling == "none") != (self.rope_factor == 1.0):
            raise ValueError("rope_scaling and a rope_factor above 1 belong together")
        return self


class LlamaServer:
    """One model file, served by a child process that starts when its address is asked for.

    Args:
        file: A GGUF file.
        settings: How to serve it.
        start_deadline_s: How long `ready` waits for the model to load.
    """

    def __init__(
        self, file: Path, settings: LocalSettings | None = None, *, start_deadline_s: float = START_DEADLINE_S
    ) -> None:
        self.file = file
        self.settings = settings or LocalSettings()
        self.restarts = 0
        """How often a child that had died was replaced."""
        self._start_deadline_s = start_deadline_s
        self._child: Child | None = None
        self._deaths_s: deque[float] = deque(maxlen=_DEATHS)
        self._last_log = ""
        self._end_with_self: weakref.finalize[[], LlamaServer] | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        child = self._child
        return child.pid if child and child.is_alive else None

    async def ready(self) -> Address:
        """Give the address once the model answers there; the event loop stays free meanwhile.

        Raises:
            ConfigError: xllamacpp is not installed, or the file cannot be loaded with these settings.
            ModelUnavailable: It does not load in time, or died three times within a minute.
        """
        if known := self._known():
            return known
        return await in_daemon_thread(lambda: self.address(self._start_deadline_s))

    def address(self, deadline_s: float = START_DEADLINE_S) -> Address:
        """Give the address once the model answers there; blocking. Errors as in `ready`."""
        if known := self._known():
            return known
        until_s = time.monotonic() + deadline_s
        if not self._lock.acquire(timeout=deadline_s):
            raise self._too_slow(deadline_s)
        try:
            while True:
                child = self._living()
                try:
                    return child.wait_ready(until_s - time.monotonic())
                except ChildDied:
                    if child.was_ended:
                        raise ModelUnavailable(f"the server of {self.file.name} was stopped") from None
                except TimeoutError:
                    raise self._too_slow(deadline_s) from None
                except ChildRefused as refusal:
                    raise self._unfit(child, refusal) from None
        finally:
            self._lock.release()

    def stop(self) -> None:
        """End the child, whatever it does; the next call for the address starts another one."""
        if child := self._child:
            child.end()
        with self._lock:
            self._child = None
            self._deaths_s.clear()

    def _known(self) -> Address | None:
        child = self._child
        return child.address if child and child.is_alive else None

    def _living(self) -> Child:
        """Give the child that lives, or a new one in place of one that died."""
        if self._child and self._child.is_alive:
            return self._child
        if self._child and not self._child.was_ended:
            self._deaths_s.append(time.monotonic())
            self._last_log = self._child.last_log()
            self._child.end()
            self.restarts += 1
        self._check_deaths()
        self._check_file()
        self._child = Child(self._command())
        if self._end_with_self:
            self._end_with_self.detach()
        self._end_with_self = weakref.finalize(self, self._child.end)
        return self._child

    def _check_deaths(self) -> None:
        wait_s = self._deaths_s[0] + _DEATHS_WITHIN_S - time.monotonic() if self._deaths_s else 0.0
        if len(self._deaths_s) == _DEATHS and wait_s > 0:
            raise ModelUnavailable(
                f"the process that serves {self.file.name} died {_DEATHS} times within {_DEATHS_WITHIN_S:.0f} s; "
                f"its last words:\n{self._last_log}",
                retry_after_s=wait_s,
            )

    def _unfit(self, child: Child, refusal: ChildRefused) -> ConfigError:
        log = child.last_log()
        child.end()
        return ConfigError(
            f"{self.file.name} cannot be served with {self.settings!r}: {refusal} "
            f"Is the file whole, and does the context fit the memory? The server's last words:\n{log}"
        )

    def _check_file(self) -> None:
        if importlib.util.find_spec("xllamacpp") is None:
            raise ConfigError("embedded models need xllamacpp: pip install 'mainspring[local]'")
        try:
            with self.file.open("rb") as file:
                magic = file.read(len(_GGUF))
        except OSError as error:
            raise ConfigError(f"the model file {str(self.file)!r} cannot be read: {error}") from error
        if magic != _GGUF:
            raise ConfigError(f"{str(self.file)!r} is not a GGUF file: it begins with {magic!r}, not {_GGUF!r}")

    def _command(self) -> dict[str, object]:
        cores = _cores()
        return self.settings.model_dump(mode="json") | {
            "file": str(self.file.resolve()),
            "api_key": secrets.token_urlsafe(24),
            "threads": self.settings.threads or max(1, cores // 2),
            "prefill_threads": self.settings.prefill_threads or max(self.settings.threads or 1, cores),
            "log": str(cache_dir() / "logs" / f"llama-{os.getpid()}-{secrets.token_hex(4)}.log"),
        }

    def _too_slow(self, deadline_s: float) -> ModelUnavailable:
        log = self._child.last_log() if self._child else ""
        return ModelUnavailable(
            f"{self.file.name} did not load within {deadline_s:.0f} s; it may still: call again. "
            f"The server's last words:\n{log}"
        )


_shared: dict[tuple[Path, LocalSettings], LlamaServer] = {}
_shared_lock = threading.Lock()


def shared_server(file: Path, settings: LocalSettings | None = None) -> LlamaServer:
    """Give this process's one server for the file and settings; any thread or event loop may use it."""
    key = (file.resolve(), settings or LocalSettings())
    with _shared_lock:
        return _shared.setdefault(key, LlamaServer(*key))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
