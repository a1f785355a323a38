"""Who drives: a name that tells, on the machine it comes from, whether its process is still alive.

So the command that is run again after a crash goes on at once instead of waiting until the dead one's lease lapses.
A name from another machine, or from another container of this one, tells nothing, and its lease counts.
"""

import os
import socket
from functools import cache
from pathlib import Path


def this_process(token: str) -> str:
    """Name this process; the token tells several drivers in it apart."""
    return f"{_place()}/{os.getpid()}/{_started(os.getpid())}/{token}"


def is_dead(driver: str) -> bool:
    """Tell whether the process of that name was one of this machine and is gone; False where nobody can tell."""
    parts = driver.rsplit("/", 3)
    if len(parts) != 4 or parts[0] != _place() or not parts[1].isdigit():
        return False
    pid, started = int(parts[1]), parts[2]
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _started(pid) != started


@cache
def _place() -> str:
    """Name the machine since its last start, and the namespace in which process numbers are unique."""
    boot = _read("/proc/sys/kernel/random/boot_id")
    try:
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - it is no path
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}/{boot}{namespace.removeprefix('pid:')}"


def _started(pid: int) -> str:
    """Give the moment a process began, as Linux tells it; nothing elsewhere, or if it only waits for its parent."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] not in {"Z", "X"} else ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
