import asyncio
import concurrent.futures
import subprocess
import sys
import threading
from contextvars import ContextVar

import pytest

from mainspring.core.threads import in_daemon_thread


async def test_what_the_function_gives_is_given() -> None:
    assert await in_daemon_thread(lambda: threading.current_thread() is threading.main_thread()) is False


async def test_what_the_function_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 / 0)


@pytest.mark.parametrize(
    "error",
    [
        StopIteration(3),
        SystemExit(3),
        KeyboardInterrupt(3),
        asyncio.CancelledError(3),
        concurrent.futures.CancelledError(3),
    ],
    ids=repr,
)
async def test_what_would_end_the_loop_or_its_task_is_raised_as_a_runtime_error(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(RuntimeError, match=f"{type(error).__name__}: 3"):
        await in_daemon_thread(fail)


async def test_the_function_sees_the_callers_context_and_cannot_change_it() -> None:
    tenant = ContextVar("tenant", default="nobody")
    tenant.set("acme")

    def change() -> str:
        before = tenant.get()
        tenant.set("other")
        return before

    assert await in_daemon_thread(change) == "acme"
    assert tenant.get() == "acme"


async def test_cancelling_the_wait_leaves_the_thread_behind() -> None:
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait()
        ended.set()

    task = asyncio.create_task(in_daemon_thread(work))
    await in_daemon_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    assert await in_daemon_thread(lambda: ended.wait(60))


def test_a_function_that_hangs_keeps_neither_loop_nor_process_from_ending() -> None:
    program = """
import asyncio, threading
from mainspring.core.threads import in_daemon_thread

async def main():
    begun = threading.Event()
    def hang():
        begun.set()
        threading.Event().wait()
    task = asyncio.create_task(in_daemon_thread(hang))
    await in_daemon_thread(begun.wait)

asyncio.run(main())
print("left")
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "left\n", "")
