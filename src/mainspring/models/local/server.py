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

from mainspring.core.errors import ConfigError, ModelUnavailable
from mainspring.core.threads import in_daemon_thread
from mainspring.models.cache import cache_dir
from mainspring.models.http import Address
from mainspring.models.local.child import Child, ChildDied, ChildRefused
from mainspring.models.local.header import read_header
from mainspring.models.local.reach import slot_tokens
from mainspring.models.local.settings import LocalSettings

START_DEADLINE_S = 180.0
"""How long a model may take to load; a large file on a cold disk takes minutes."""
_DEATHS = 3
_DEATHS_WITHIN_S = 60.0
_GGUF = b"GGUF"


class LlamaServer:
    """One model file, served by a child process that starts when its address is asked for.

    Args:
        file: A GGUF file.
        settings: How to serve it.
        replicas: How many children that serve the same divide the cores, this one included.
        start_deadline_s: How long `ready` waits for the model to load.
    """

    def __init__(
        self,
        file: Path,
        settings: LocalSettings | None = None,
        *,
        replicas: int = 1,
        start_deadline_s: float = START_DEADLINE_S,
    ) -> None:
        self.file = file
        self.settings = settings or LocalSettings()
        self._replicas = replicas
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

    @property
    def is_up(self) -> bool:
        """Whether a child lives and has said that it answers; asks nobody."""
        return self._known() is not None

    async def ready(self) -> Address:
        """Give the address once the model answers there; the event loop stays free meanwhile.

        Raises:
            ConfigError: xllamacpp is not installed, the file cannot be loaded with these settings, or more context
                is wanted than the model was trained for.
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
        threads, prefill_threads = self.settings.threads_of(_cores(), self._replicas)
        return self.settings.model_dump(mode="json") | {
            "file": str(self.file.resolve()),
            "context_tokens": slot_tokens(read_header(self.file), self.settings),
            "api_key": secrets.token_urlsafe(24),
            "threads": threads,
            "prefill_threads": prefill_threads,
            "log": str(cache_dir() / "logs" / f"llama-{os.getpid()}-{secrets.token_hex(4)}.log"),
        }

    def _too_slow(self, deadline_s: float) -> ModelUnavailable:
        log = self._child.last_log() if self._child else ""
        return ModelUnavailable(
            f"{self.file.name} did not load within {deadline_s:.0f} s; it may still: call again. "
            f"The server's last words:\n{log}"
        )


_shared: dict[tuple[Path, LocalSettings, int, int], LlamaServer] = {}
_shared_lock = threading.Lock()


def shared_server(
    file: Path, settings: LocalSettings | None = None, *, replica: int = 0, replicas: int = 1
) -> LlamaServer:
    """Give this process's one server for what is asked; any thread or event loop may use it.

    Args:
        file: A GGUF file. Its replicas share its pages in memory; weights that are rearranged for speed, as all
            but `strict` settings let them be, each replica has for itself.
        settings: How to serve it.
        replica: Which of the children that serve the same.
        replicas: How many those are; they divide the cores.
    """
    settings = settings or LocalSettings()
    key = (file.resolve(), settings, replica, replicas)
    with _shared_lock:
        if key not in _shared:
            _shared[key] = LlamaServer(key[0], settings, replicas=replicas)
        return _shared[key]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
