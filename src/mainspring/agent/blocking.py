"""Async work for callers that have no event loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from mainspring.core.errors import ConfigError

T = TypeVar("T")


def run_in_new_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end in an event loop of its own, a fast one where uvloop is installed.

    Raises:
        ConfigError: An event loop runs already.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(work)
    work.close()
    raise ConfigError("an event loop runs already; write `await agent.run(...)` instead of `agent.run_sync(...)`")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
