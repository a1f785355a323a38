"""Processes that are killed, stopped and replaced; forked off one that has no threads and no event loop."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

_LEAVE_S = 30.0
_LOOK_S = 0.02
_KILLS = 0.5
"""How many of the strikes are kills."""


def forked(main: Callable[[], None]) -> int:
    """Run something in a process of its own, and give its id."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        main()
        code = 0
    finally:
        os._exit(code)


def has_ended(pid: int) -> bool:
    """Tell whether a child has ended; asked no more after that."""
    return os.waitpid(pid, os.WNOHANG)[0] == pid


@dataclass(slots=True)
class Workers:
    """Processes that do the same; one that is killed is replaced.

    Args:
        main: What each of them does, until SIGTERM.
        chance: Picks whom it hits.
        stop_s: For how long one is stopped, from and to.
    """

    main: Callable[[], None]
    chance: random.Random
    stop_s: tuple[float, float]
    n_kills: int = 0
    stops: Counter[int] = field(default_factory=Counter)
    """How often each was stopped, by process id."""
    _pids: list[int] = field(default_factory=list)
    _until_s: dict[int, float] = field(default_factory=dict)
    """When those go on that are stopped now, by the monotonic clock."""

    def start(self, number: int) -> None:
        """Start some."""
        self._pids += [forked(self.main) for _ in range(number)]

    def strike(self) -> None:
        """Kill one, or stop it for a while."""
        pid = self.chance.choice(self._pids)
        if self.chance.random() < _KILLS:
            self._end(pid, signal.SIGKILL)
            self.n_kills += 1
            self.start(1)
        elif pid not in self._until_s:
            os.kill(pid, signal.SIGSTOP)
            self.stops[pid] += 1
            self._until_s[pid] = time.monotonic() + self.chance.uniform(*self.stop_s)

    def go_on(self, *, everybody: bool = False) -> None:
        """Let those go on whose time has come."""
        for pid, until_s in list(self._until_s.items()):
            if everybody or time.monotonic() >= until_s:
                os.kill(pid, signal.SIGCONT)
                del self._until_s[pid]

    def leave(self) -> None:
        """Ask all to leave, so that those that were stopped do what they had begun; kill those that do not."""
        self.go_on(everybody=True)
        for pid in self._pids:
            os.kill(pid, signal.SIGTERM)
        deadline_s = time.monotonic() + _LEAVE_S
        while self._pids and time.monotonic() < deadline_s:
            self._pids = [pid for pid in self._pids if not has_ended(pid)]
            time.sleep(_LOOK_S)
        for pid in list(self._pids):
            self._end(pid, signal.SIGKILL)

    def _end(self, pid: int, how: int) -> None:
        os.kill(pid, how)
        os.waitpid(pid, 0)
        self._pids.remove(pid)
        self._until_s.pop(pid, None)
