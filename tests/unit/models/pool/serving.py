"""What the tests of pooled models share: a pool of scripted servers on real sockets, and addresses without any."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from random import Random
from typing import Any

from mainspring.core import Clock
from mainspring.models.chat import ChatModel
from mainspring.models.pool import Pool, PoolSettings
from mainspring.models.pool.model import PooledModel
from mainspring.models.pool.opening import member
from mainspring.models.prices import Pricer
from tests.unit.models.asking import KEY
from tests.unit.models.wire import Wire


def pooled(
    *servers: Wire | str,
    prices: Sequence[Pricer | None] = (),
    progress_s: float = 60.0,
    clock: Clock | None = None,
    **settings: Any,
) -> PooledModel:
    """Make a pool of servers, called a, b, c; the first call goes to a."""
    members = [
        member(
            ChatModel(
                "m-1",
                base_url=server if isinstance(server, str) else server.base_url,
                api_key=KEY,
                name=name,
                mode="native",
                price=prices[place] if prices else None,
                progress_s=progress_s,
            )
        )
        for place, (name, server) in enumerate(zip("abcdef", servers, strict=False))
    ]
    chance = Random(1)  # noqa: S311 - repeatable
    return PooledModel(Pool("fast", members, PoolSettings(**settings), clock=clock, random=chance))


@contextmanager
def nobody() -> Iterator[str]:
    """Give the base URL of a port where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"


@contextmanager
def full() -> Iterator[str]:
    """Give the base URL of a port that takes no more connections, and refuses none."""
    with ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


def hurried(model: PooledModel) -> PooledModel:
    """Let a pool know that calls take a hundredth of a second, so that it hedges from the first one on."""
    assert model.pool.hedging is not None
    for _ in range(20):
        model.pool.hedging.answered(0.01)
    return model


async def eventually(holds: Callable[[], bool]) -> None:
    """Let the others work until something holds."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(0)
