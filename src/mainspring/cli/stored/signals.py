"""Signals that end a command: the first one lets what is in progress come to its end, a second one ends at once."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_DEAF_S: Final = 0.5
"""Seconds in which a second signal is the first one again: programs that run others pass on what reaches both."""


@dataclass(slots=True)
class Stop:
    """Whether the process was asked to stop, and by which signal."""

    by: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """What a shell reports of a program that the signal ended."""
        return 0 if self.by is None else 128 + self.by


@contextmanager
def stopping(tell: Callable[[], None], *others: signal.Signals) -> Iterator[Stop]:
    """Cancel the present task at the first signal; a second one ends the process as it would any other.

    Args:
        tell: Called at the first signal.
        others: Signals that end it, too, beside SIGINT and SIGTERM.
    """
    stop, task, loop = Stop(), asyncio.current_task(), asyncio.get_running_loop()
    signals = (*_SIGNALS, *others)
    before = {number: signal.getsignal(number) for number in signals}
    waking: list[asyncio.TimerHandle] = []

    def heard(number: signal.Signals) -> None:
        stop.by = number
        _release(loop, signals)
        _handle_by(signal.SIG_IGN, signals)
        waking.append(loop.call_later(_DEAF_S, _handle_by, signal.SIG_DFL, signals))
        if task is not None:
            task.cancel()
        tell()

    for number in signals:
        with suppress(NotImplementedError, RuntimeError, ValueError):  # no main thread, or no such signals here
            loop.add_signal_handler(number, heard, number)
    try:
        yield stop
    finally:
        _release(loop, signals)
        for timer in waking:
            timer.cancel()
        for number, handler in before.items():
            with suppress(ValueError):
                signal.signal(number, handler)


def _handle_by(handler: signal.Handlers, signals: Sequence[signal.Signals]) -> None:
    for number in signals:
        signal.signal(number, handler)


def _release(loop: asyncio.AbstractEventLoop, signals: Sequence[signal.Signals]) -> None:
    for number in signals:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(number)
