"""The parent's end of a process that reads files: start it, ask it, see it end.

What it keeps true: a file is answered for within its time, whatever it does to the process; what comes back is data
that is checked before it is used.
"""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Final

from pydantic import ValidationError

from mainspring.core.errors import ConfigError
from mainspring.data.reading.limits import MIB, Limits
from mainspring.data.reading.outcome import Outcome

_PROGRAM: Final = "mainspring.data.reading.child"
_LENGTH_BYTES: Final = 8
_START_WITHIN_S: Final = 120.0
_BYTES_PER_CHAR: Final = 8
"""At most, of a text as JSON; what is longer than all of a text is not an answer."""


class Worker:
    """A process that reads one file after the other; used by one thread at a time.

    Args:
        limits: What one file may cost.
        own_readers: Readers of the caller's own, as `module:callable`.
    """

    def __init__(self, limits: Limits, own_readers: tuple[str, ...]) -> None:
        self._limits = limits
        self._was_late = False
        self.n_read = 0
        """How many files it has answered for."""
        self._process = subprocess.Popen(  # noqa: S603  # Our own interpreter and our own module.
            [sys.executable, "-P", "-m", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._settings = {"path": sys.path, "limits": limits.model_dump(), "own_readers": own_readers}

    def begin(self) -> None:
        """Wait until it can read.

        Raises:
            ConfigError: It does not start, or a reader of the caller's own cannot be made.
        """
        outcome = self._asked(self._settings, _START_WITHIN_S)
        if outcome is None:
            raise ConfigError(f"the process that reads files does not start (exit {self._process.poll()})")
        if outcome.setting:
            raise ConfigError(outcome.setting)

    def read(self, path: Path, name: str) -> Outcome:
        """Read a file; a file that ends the process has an outcome too.

        Raises:
            ConfigError: A library is missing.
        """
        outcome = self._asked({"path": str(path), "name": name}, self._limits.seconds) or self._how_it_died(name)
        self.n_read += 1
        if outcome.setting:
            raise ConfigError(outcome.setting)
        if outcome.reason == "memory":
            limit = f"{self._limits.memory_bytes:,} bytes"
            says = f"{name!r} takes more than {limit} of memory to read: raise Limits(memory_bytes=...)"
            return outcome.model_copy(update={"says": says})
        return outcome

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked again."""
        return not self._was_late and self._process.poll() is None

    def kill(self) -> None:
        """Have it end at once; may be called by any thread."""
        self._process.kill()

    def end(self) -> None:
        """End it and wait until it is gone."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # It died before it had read all it was asked.
                    continue
        self._process.wait()

    def _asked(self, request: object, within_s: float) -> Outcome | None:
        """Ask, and give the answer; None where the process ended instead."""
        timer = threading.Timer(within_s, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            return self._answer(json.dumps(request).encode() + b"\n")
        except (OSError, EOFError, ValidationError):
            self._process.kill()
            self._process.wait()
            return None
        finally:
            timer.cancel()
            timer.join()

    def _answer(self, request: bytes) -> Outcome:
        assert self._process.stdin is not None  # noqa: S101  # It was asked for as a pipe.
        assert self._process.stdout is not None  # noqa: S101  # It was asked for as a pipe.
        self._process.stdin.write(request)
        self._process.stdin.flush()
        n_bytes = int.from_bytes(_exactly(self._process.stdout, _LENGTH_BYTES))
        if n_bytes > self._limits.text_chars * _BYTES_PER_CHAR + 64 * MIB:
            raise EOFError
        return Outcome.model_validate_json(_exactly(self._process.stdout, n_bytes))

    def _end_late(self) -> None:
        self._was_late = True
        self._process.kill()

    def _how_it_died(self, name: str) -> Outcome:
        code = self._process.wait()
        if self._was_late or code == -signal.SIGALRM:
            says = f"{name!r} took longer than {self._limits.seconds:g} s to read: raise Limits(seconds=...)"
            return Outcome(reason="slow", says=says)
        if code == -signal.SIGKILL:  # Nobody else kills it but a system that has no memory left.
            return Outcome(reason="memory")
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return Outcome(reason="crashed", says=f"{name!r} ended the process that read it ({how}): it may be damaged")


def _exactly(pipe: IO[bytes], n_bytes: int) -> bytes:
    said = pipe.read(n_bytes)
    if len(said) < n_bytes:
        raise EOFError
    return said
