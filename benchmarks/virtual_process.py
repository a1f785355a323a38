"""Puts a whole process into virtual time, for code that reads the machine's clocks and hands work to threads.

`time.time`, `time.monotonic`, `time.perf_counter` and `datetime.now` follow a virtual loop, and what is given to a
pool of threads is done at once. To be called before that code is imported, in a process that is there for nothing
else: nothing is put back.
"""

import concurrent.futures
import datetime as calendar
import time
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from benchmarks.virtual_time import VirtualLoop

P = ParamSpec("P")
T = TypeVar("T")

BEGINNING_S: Final = calendar.datetime(2026, 1, 1, tzinfo=calendar.UTC).timestamp()
"""What the calendar shows when the loop begins, in seconds since the Unix epoch: the first second of a minute."""

_Real = calendar.datetime


def enter_virtual_time(loop: VirtualLoop) -> None:
    """Let all clocks of this process follow a loop."""

    def now_s() -> float:
        return BEGINNING_S + loop.time()

    class _AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, _Real)

    class _Datetime(_Real, metaclass=_AnyDatetime):
        @classmethod
        def now(cls, tz: calendar.tzinfo | None = None) -> Any:
            return _Real.fromtimestamp(now_s(), tz)

    time.time = now_s
    time.monotonic = time.perf_counter = loop.time
    calendar.datetime = _Datetime  # type: ignore[misc]  # what else reads the calendar is imported after this
    concurrent.futures.ThreadPoolExecutor.submit = _done_at_once  # type: ignore[method-assign]  # meant


def _done_at_once(
    _threads: object, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> concurrent.futures.Future[T]:
    """Do what a thread would do, before anything else happens."""
    done: concurrent.futures.Future[T] = concurrent.futures.Future()
    try:
        done.set_result(work(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - a future carries any failure to whoever asks for its result
        done.set_exception(error)
    return done
