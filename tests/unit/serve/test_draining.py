"""The end of a gateway: what is in progress gets its time, and what is not ready then is told so."""

import asyncio

import openai
import pytest

from mainspring.runs.journal import Store
from tests.unit.serve.fronts import HELLO, Front, Gate, Start, at, key, listen, until

TEAM = {"team": key(budget={"output_tokens": 10_000})}


async def begun(opened: Front, gate: Gate) -> "tuple[asyncio.Task[str], asyncio.Task[object]]":
    """Send a streamed and a whole request, and wait until both are in progress."""
    client, seen = await opened.client(), list[str]()
    streamed = asyncio.ensure_future(listen(client, seen, max_tokens=50))
    whole = asyncio.ensure_future(client.chat.completions.create(model="near", messages=HELLO, max_tokens=50))
    await until(lambda: seen == ["one"] and gate.n_asked == 2)
    return streamed, whole


async def state(opened: Front) -> str:
    async with opened.http.get(opened.url + "/healthz") as response:
        told = await response.json()
    return f"{response.status} {told['status']} {response.headers.get('Connection', 'stays')}"


async def test_what_is_in_progress_ends_whole_and_nothing_new_is_taken(gate: Gate, front: Start) -> None:
    opened = await front({"near": at(gate)}, grace_s=60)
    assert await state(opened) == "200 ok stays"
    streamed, whole = await begun(opened, gate)
    stopped = asyncio.ensure_future(opened.stop())
    await asyncio.wait([stopped], timeout=0)
    assert await state(opened) == "503 draining close"  # on the connection that is open already
    with pytest.raises(openai.APIConnectionError):
        await (await opened.client("ms-other")).models.list()
    assert not stopped.done()
    gate.opened.set()
    assert await streamed == "one two"
    assert await whole
    await stopped


async def test_what_is_not_ready_when_the_grace_is_over_is_told_so_and_settled(
    gate: Gate, ledger: Store, front: Start
) -> None:
    opened = await front({"near": at(gate)}, keys=TEAM, store=ledger, grace_s=0)
    streamed, whole = await begun(opened, gate)
    await opened.stop()
    with pytest.raises(openai.APIError, match="told to stop") as cut:
        await streamed
    assert cut.value.code == "gateway_stopped"
    with pytest.raises(openai.InternalServerError, match="told to stop") as refused:
        await whole
    assert (refused.value.status_code, refused.value.code) == (503, "gateway_stopped")
    assert (await opened.settled())["output_tokens"] == 1 + 50
    await until(lambda: gate.n_left == 2)


async def test_a_gateway_that_nobody_asks_stops_at_once(gate: Gate, front: Start) -> None:
    opened = await front({"near": at(gate)}, grace_s=3600)
    assert await state(opened) == "200 ok stays"
    await opened.stop()
    with pytest.raises(openai.APIConnectionError):
        await (await opened.client()).models.list()
