"""An event loop whose clock jumps to the next timer, so that an hour of waiting takes no time.

What runs in it takes no virtual time, only what it waits for does, and work for a thread is done at once. So CPU
and the load of the machine have no part in the result: the same work with the same chance gives the same times, to
the last bit.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that begins at second 0 and never sleeps."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_Jump(self.advance))

    def time(self) -> float:
        """Give the virtual seconds since the beginning."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._now_s += seconds

    def run_in_executor(  # type: ignore[override]  # the types of what is called are not needed here
        self,
        executor: Executor | None,  # noqa: ARG002 - asyncio's signature
        func: Callable[..., T],
        *args: Any,
    ) -> "asyncio.Future[T]":
        """Do what a thread would do, before anything else happens."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - a future carries any failure to whoever waits for it
            done.set_exception(error)
        return done


class _Jump(selectors.DefaultSelector):
    """Moves the clock forward instead of sleeping."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Give what is ready; where there is nothing, be at the next timer.

        Raises:
            RuntimeError: There is no timer either.
        """
        events = super().select(0)
        if events:
            return events
        if timeout is None:
            raise RuntimeError("everything waits for something that nobody will do; find the one that should")
        self._advance(max(0.0, timeout))
        return events


class VirtualClock:
    """The clock of the virtual loop that runs."""

    def now(self) -> float:
        """Give the virtual seconds since the beginning."""
        return asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        """Give the virtual seconds since the beginning."""
        return asyncio.get_running_loop().time()


def run_virtually(work: Coroutine[Any, Any, T], loop: VirtualLoop | None = None) -> T:
    """Run a coroutine to its end in virtual time.

    Args:
        work: What to run.
        loop: Where; left out: in a loop of its own.
    """
    with asyncio.Runner(loop_factory=lambda: loop or VirtualLoop()) as runner:
        return runner.run(work)
