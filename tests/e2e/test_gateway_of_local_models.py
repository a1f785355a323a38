"""The gateway before replicas of a real embedded model: one is killed under load, and nobody notices."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI

from tests.e2e.gateways import Gateway, House
from tests.e2e.test_local_server import is_running
from tests.unit.serve.fronts import until

pytestmark = [
    pytest.mark.real_model,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody says whose child a process is"),
]

PAIR = """
[models.pair]
provider = "local"
model = "smollm2-135m"
replicas = 2
local = { context_tokens = 1024 }
"""
CLIENTS, EACH = 4, 5


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with AsyncExitStack() as stack:
        house = House(tmp_path, stack)
        house.write(PAIR)
        yield await house.gateway()


def children(gateway: Gateway) -> set[int]:
    """Give the process ids of the model servers that run."""
    mine = Path(f"/proc/{gateway.process.pid}/task").glob("*/children")
    return {int(pid) for task in mine for pid in task.read_text(encoding="ascii").split() if is_running(int(pid))}


async def members(gateway: Gateway) -> dict[str, dict[str, Any]]:
    """Give what the gateway tells of its members."""
    url = gateway.url.removesuffix("/v1") + "/pool"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        (pool,) = (await response.json())["pools"]
    return {member["name"]: member for member in pool["members"]}


async def ask(client: AsyncOpenAI, words: str) -> tuple[str, str]:
    """Ask for a few words, and give them and who said them."""
    messages: Any = [{"role": "user", "content": words}]
    raw = await client.chat.completions.with_raw_response.create(
        model="pair", messages=messages, max_tokens=40, temperature=0, extra_body={"ignore_eos": True}
    )
    return raw.headers["x-mainspring-member"], raw.parse().choices[0].message.content or ""


async def test_every_request_is_answered_while_a_replica_is_killed_and_comes_back(gateway: Gateway) -> None:
    client = await gateway.client()
    await asyncio.gather(*[ask(client, f"Tell me about river {n}.") for n in range(CLIENTS)])
    await until(lambda: len(children(gateway)) == 2)
    before = children(gateway)
    answered: list[tuple[str, str]] = []

    async def load(number: int) -> None:
        for turn in range(EACH):
            answered.extend([await ask(client, f"Tell me about river {number} and its bridge {turn}.")])

    async def kill() -> None:
        await until(lambda: len(answered) >= CLIENTS)
        os.kill(min(before), signal.SIGKILL)

    await asyncio.gather(kill(), *[load(number) for number in range(CLIENTS)])
    assert len(answered) == CLIENTS * EACH
    assert all(words for _, words in answered)
    await until(lambda: len(children(gateway)) == 2)
    assert min(before) not in children(gateway)
    told = await members(gateway)
    assert sum(member["ejections"] + member["failures"] for member in told.values()) > 0
    await _both_serve(gateway, client)


async def _both_serve(gateway: Gateway, client: AsyncOpenAI) -> None:
    """Ask until each member has answered once more."""
    served: set[str] = set()
    for turn in range(50):
        found = await asyncio.gather(*[ask(client, f"Tell me about lake {turn} and {n}.") for n in range(CLIENTS)])
        served |= {name for name, _ in found}
        if served == set(await members(gateway)):
            return
    raise AssertionError(f"only {served} served")
