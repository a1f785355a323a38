"""Runs a command, and sees that nothing of it outlives whoever wanted it; run as a file, it imports no package.

    argv     the command
    stdin    nothing; its end means that the parent is gone, or wants an end
    exit     the command's own code, 128 and the signal's number where a signal ended it

torchrun gives each of its processes a session of its own, so that no signal to a group reaches them all. On Linux
what loses its parent comes to this process instead, and is found by walking down the tree of processes.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

_TERMINATES_WITHIN_S = 5.0
_SWEEP_S = 0.05
_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Run the command until it ends, or stdin does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # noqa: S603  # The caller's own command.
    threading.Thread(target=_end_with_stdin, args=(command,), daemon=True).start()
    code = command.wait()
    _kill_descendants()
    sys.stderr.flush()
    os._exit(128 - code if code < 0 else code)


def _end_with_stdin(command: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    command.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        command.wait(_TERMINATES_WITHIN_S)
    command.kill()


def _kill_descendants() -> None:
    """Kill what is left, until nothing is: what is being started while one looks is found the next time."""
    while left := _descendants():
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(_SWEEP_S)


def _descendants() -> list[int]:
    """Find the processes below this one; none where there is no /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, parent = entry.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(entry.parent.name)] = int(parent)
    found, wanted = list[int](), {os.getpid()}
    while wanted:
        below = {pid for pid, parent in parents.items() if parent in wanted}
        found += below
        wanted = below
    return found


if __name__ == "__main__":
    main()
