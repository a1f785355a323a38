"""A gateway as a process that is looked at from outside: when it is ready, what it takes, and how it ends."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.environments import ROOT, quiet_environ

READY_S: Final = 120.0
_LEAVE_S: Final = 15.0
_LOOK_S: Final = 0.1
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """A process that runs."""

    pid: int

    def cpu_s(self) -> float:
        """Read the CPU seconds it has taken, all its threads and the kernel's share included."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def rss_mb(self) -> float:
        """Read the memory it holds, in millions of bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024 / 1e6
        raise RuntimeError("the process has ended")


@contextmanager
def started(
    command: Sequence[str], environ: Mapping[str, str], output: Path, *, core: int | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process, hold it to a core, and end it in the end.

    Args:
        command: What to run.
        environ: Environment variables besides those of this process.
        output: Takes what it prints.
        core: Which core; None leaves that to the kernel.
    """
    with output.open("wb") as file, _opened(command, environ, file) as process:
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_LEAVE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _opened(command: Sequence[str], environ: Mapping[str, str], file: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**quiet_environ(), **environ},
        stdin=subprocess.DEVNULL,
        stdout=file,
        stderr=subprocess.STDOUT,
    )


def wait_until_ready(process: subprocess.Popen[bytes], url: str, output: Path) -> None:
    """Wait until an address answers 200.

    Raises:
        RuntimeError: The process has ended, or the time is over.
    """
    deadline_s = time.monotonic() + READY_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            lines = output.read_text(errors="replace").strip().splitlines() or ["no message"]
            raise RuntimeError(f"the gateway ended at once: {lines[-1].strip()}")
        try:
            with urlopen(url, timeout=1) as reply:  # noqa: S310 - our own machine
                if reply.status == 200:
                    return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(_LOOK_S)
    raise RuntimeError(f"the gateway was not ready after {READY_S:g} s")


def free_port() -> int:
    """Find a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
