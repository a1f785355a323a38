"""Blocking work beside an event loop, in a thread that keeps nobody from leaving."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(function: Callable[[], T]) -> T:
    """Run a blocking function in a daemon thread of its own and wait for what it gives.

    The threads of `asyncio.to_thread` are waited for when the loop closes and when the process ends; one that hangs
    would keep both from ending. Cancelling the wait leaves the thread behind.

    Args:
        function: Called with a copy of the caller's context variables.

    Raises:
        Exception: Whatever the function raised; what would mean something else to the event loop (`StopIteration`,
            a `CancelledError` of the function's own, `SystemExit`) as a `RuntimeError`.
    """
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            future.set_result(context.run(function))
        except BaseException as error:  # noqa: BLE001 - carried over to the caller, who handles it
            carried = isinstance(error, Exception) and not isinstance(error, StopIteration | CancelledError)
            future.set_exception(error if carried else RuntimeError(f"{type(error).__name__}: {error}"))

    threading.Thread(target=work, daemon=True, name="mainspring").start()
    return await asyncio.wrap_future(future)
