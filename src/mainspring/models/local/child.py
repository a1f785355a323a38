"""The parent's end of the llama.cpp child process: start it, hear from it, see it end.

What it keeps true: every pipe is closed and every dead process collected, in whatever order things end.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from mainspring.models.http import Address

_PROGRAM = Path(__file__).with_name("llama_child.py")
_END_WITHIN_S = 5.0
_LOG_LINES = 15
_LOGS_KEPT = 20
"""A process that is killed while its child loads leaves a log behind; no more than this many stay."""
_LOG_TAIL_BYTES = 1 << 14


class ChildDied(Exception):
    """The child ended without a word."""


class ChildRefused(Exception):
    """The child said that it cannot serve, and why."""


class Child:
    """A running child process.

    Args:
        command: What the child reads as its first line; `api_key` and `log` are read here too.
    """

    def __init__(self, command: Mapping[str, object]) -> None:
        self.address: Address | None = None
        """Where it answers, once it does."""
        self.was_ended = False
        """Whether it is gone because this side wanted it."""
        self._api_key = str(command["api_key"])
        self._log = Path(str(command["log"]))
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ending = threading.Lock()
        self._process = _start(self._log)
        self._reader = threading.Thread(target=self._read, name="llama-child", daemon=True)
        self._reader.start()
        with contextlib.suppress(BrokenPipeError):
            assert self._process.stdin is not None  # noqa: S101  # It was asked for as a pipe.
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs and is meant to."""
        return not self.was_ended and self._process.poll() is None

    def wait_ready(self, deadline_s: float) -> Address:
        """Wait until the model answers.

        Raises:
            TimeoutError: It takes longer than `deadline_s`.
            ChildDied: The process ended before that.
            ChildRefused: The file or the settings are wrong.
        """
        if self.address:
            return self.address
        try:
            line = self._lines.get(timeout=max(0.0, deadline_s))
        except queue.Empty:
            raise TimeoutError from None
        if not line:
            self._process.wait(_END_WITHIN_S)
            raise ChildDied
        said = json.loads(line)
        if "error" in said:
            raise ChildRefused(said["error"])
        self.address = Address(f"http://127.0.0.1:{said['port']}/v1", self._api_key)
        return self.address

    def last_log(self) -> str:
        """Give the last lines the native server logged."""
        try:
            tail = self._log.read_bytes()[-_LOG_TAIL_BYTES:]
        except OSError:
            return ""
        return "\n".join(tail.decode(errors="replace").splitlines()[-_LOG_LINES:])

    def end(self) -> None:
        """End the process and wait until it is gone; more than one call does no harm."""
        with self._ending:
            self.was_ended = True
            with contextlib.suppress(OSError):
                assert self._process.stdin is not None  # noqa: S101  # It was asked for as a pipe.
                self._process.stdin.close()
            self._process.terminate()
            try:
                self._process.wait(_END_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._reader.join()
            self._log.unlink(missing_ok=True)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # It was asked for as a pipe.
        with self._process.stdout as stdout:
            self._lines.put(stdout.readline())


def _age(log: Path) -> float:
    try:
        return log.stat().st_mtime
    except OSError:
        return 0.0


def _start(log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    for old in sorted(log.parent.glob("llama-*.log"), key=_age)[:-_LOGS_KEPT]:
        old.unlink(missing_ok=True)
    with log.open("ab") as stderr:
        # By its path, and -P: importing the package would make the start slower, and the folder of this file
        # has modules whose names the standard library uses too.
        return subprocess.Popen(  # noqa: S603  # Our own interpreter and our own file.
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={"OMP_WAIT_POLICY": "passive", **os.environ},
            start_new_session=True,
        )
