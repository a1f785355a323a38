"""Processes for the price of a fork: a process that has imported everything forks each worker off.

It has no threads and no event loop, so that forking it is safe. Who its children are it tells in one line each:
`fork` gives a process id, `wait` how that process ended or that it was stopped. What it forked ends with it.

Run as a module it is that process; `Nursery` is the handle on it.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[3]
STOPPED = 1000
"""What `wait` gives of a process that was stopped, as the shell gives nothing of the kind."""


class Nursery:
    """Starts workers; use it as a context."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.crash.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def fork(self, program: str, arguments: Mapping[str, object]) -> int:
        """Start a program of `worker`, and give its process id."""
        return self._say({"fork": program, "arguments": dict(arguments)})

    def live(self, arguments: Mapping[str, object]) -> int:
        """Have a program live, and wait until it has ended."""
        return self.wait(self.fork("live", arguments))

    def wait(self, pid: int) -> int:
        """Wait until a worker has ended; give its exit code, or minus the signal that killed it."""
        while (status := self.wait_or_stopped(pid)) == STOPPED:
            pass
        return status

    def wait_or_stopped(self, pid: int) -> int:
        """Wait as well for a signal that stops it; gives `STOPPED` then."""
        return self._say({"wait": pid})

    def _say(self, command: Mapping[str, object]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def main() -> None:
    """Do what is said on standard input until that ends."""
    from tests.e2e.crash import worker

    worker.warm_up()
    gc.collect()
    gc.freeze()
    alive: set[int] = set()
    for line in sys.stdin:
        command = json.loads(line)
        if "fork" in command:
            answer = _fork(getattr(worker, command["fork"]), command["arguments"])
            alive.add(answer)
        else:
            _, status = os.waitpid(command["wait"], os.WUNTRACED)
            answer = STOPPED if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
            if answer != STOPPED:
                alive.discard(command["wait"])
        print(answer, flush=True)  # noqa: T201 - that is how it answers
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


def _fork(program: Callable[..., int], arguments: Mapping[str, object]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    code = 1
    try:
        code = program(**arguments)
    except BaseException:  # noqa: BLE001 - nothing of a child may run in its parent's frames
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
