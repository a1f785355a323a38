"""Clients that go away, before, while and after they are answered, and clients that read slowly."""

import asyncio
from typing import Any

import pytest

from mainspring import ChatModel
from mainspring.core import FakeClock
from mainspring.models.pool import Pool
from mainspring.models.pool.opening import member
from mainspring.runs.journal import Store
from mainspring.serve import Gateway, GatewaySettings, serving
from tests.unit.models.wire import DONE, HANG, Serve, chunk, said, spoken, stalled_stream, stream
from tests.unit.serve.fronts import HELLO, USAGE, Front, Gate, Start, at, key, listen, until

TEAM = {"team": key(budget={"output_tokens": 10_000})}
PROGRESS_S = 1.0


async def leave(task: "asyncio.Task[Any]") -> None:
    """Hang up."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def ask(opened: Front, **fields: Any) -> "asyncio.Task[Any]":
    """Send a request that can be taken back."""

    async def asked() -> None:
        body = {"model": "near", "messages": HELLO, "max_tokens": 50} | fields
        headers = {"Authorization": "Bearer ms-secret"}
        async with opened.http.post(opened.url + "/v1/chat/completions", json=body, headers=headers) as response:
            await response.read()

    return asyncio.get_running_loop().create_task(asked())


async def test_a_stream_whose_client_leaves_is_let_go_and_settled_at_what_had_come(
    gate: Gate, ledger: Store, front: Start
) -> None:
    opened = await front({"near": at(gate)}, keys=TEAM, store=ledger)
    client = await opened.client()
    asked: Any = {"model": "near", "messages": HELLO, "max_tokens": 50}
    reply = await client.chat.completions.create(stream=True, **asked)
    assert (await anext(aiter(reply))).choices[0].delta.content == "one"
    assert (await opened.ledger())[1]["output_tokens"] == 50
    await reply.close()
    spent = await opened.settled()
    await until(lambda: gate.n_left == 1)
    assert spent["output_tokens"] == 1
    assert 0 < spent["input_tokens"] < 100
    assert opened.gateway.pools["near"].members[0].in_flight == 0
    assert 'status="499"} 1' in await opened.text("/metrics")


async def test_a_client_that_leaves_before_the_first_content_is_charged_for_the_prompt(
    serve: Serve, ledger: Store, front: Start
) -> None:
    wire = await serve(HANG)
    opened = await front({"near": at(wire)}, keys=TEAM, store=ledger)
    asked = ask(opened, stream=True)
    await wire.was_asked.wait()
    await leave(asked)
    await wire.hung_up.wait()
    spent = await opened.settled()
    assert "output_tokens" not in spent
    assert 0 < spent["input_tokens"] < 100


async def test_a_client_that_leaves_a_whole_reply_is_charged_all_that_was_held(
    gate: Gate, ledger: Store, front: Start
) -> None:
    opened = await front({"near": at(gate)}, keys=TEAM, store=ledger)
    asked = ask(opened)
    await until(lambda: gate.n_asked == 1)
    await leave(asked)
    assert (await opened.settled())["output_tokens"] == 50
    await until(lambda: gate.n_left == 1)


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_client_that_leaves_while_it_waits_in_line_is_charged_nothing(
    streamed: bool, gate: Gate, ledger: Store, front: Start
) -> None:
    opened = await front({"near": at(gate, concurrency=1)}, keys=TEAM, store=ledger)
    first = ask(opened)
    await until(lambda: gate.n_asked == 1)
    second = ask(opened, stream=streamed)
    await until(lambda: opened.gateway.pools["near"].n_waiting == 1)
    await leave(second)
    await until(lambda: opened.gateway.pools["near"].n_waiting == 0)
    gate.opened.set()
    await first
    assert await opened.settled() == {"input_tokens": 7, "output_tokens": 2, "model_calls": 1}
    assert gate.n_asked == 1


async def test_a_client_that_leaves_between_the_last_words_and_the_end_pays_what_the_server_counted(
    serve: Serve, ledger: Store, front: Start
) -> None:
    wire = await serve(stalled_stream(*spoken("Hi"), chunk(usage=USAGE)))
    opened = await front({"near": at(wire)}, keys=TEAM, store=ledger)
    asked: Any = {"model": "near", "messages": HELLO, "stream_options": {"include_usage": True}}
    reply = await (await opened.client()).chat.completions.create(stream=True, **asked)
    async for piece in reply:
        if piece.usage:
            break
    await reply.close()
    assert await opened.settled() == {"input_tokens": 7, "output_tokens": 2, "model_calls": 1}


@pytest.mark.parametrize("way", ["resets", "closes its side and reads on"])
async def test_a_client_that_leaves_while_much_waits_to_be_read_is_not_taken_for_a_bug(
    way: str, serve: Serve, ledger: Store, front: Start, caplog: pytest.LogCaptureFixture
) -> None:
    events = [chunk({"content": "word " * 20_000}) for _ in range(100)]
    wire = await serve(stream(*events, chunk({}, "stop"), chunk(usage=USAGE), DONE))
    opened = await front({"near": at(wire)}, keys=TEAM, store=ledger)
    reader, writer = await _asked_raw(opened.url)
    await reader.readuntil(b"data: ")
    if way == "resets":
        writer.transport.abort()
    else:
        writer.write_eof()
        await reader.read()
    spent = await opened.settled()
    assert 0 < spent["output_tokens"] < 100
    assert "bug" not in caplog.text
    assert "Error handling request" not in caplog.text
    assert 'status="499"} 1' in await opened.text("/metrics")
    writer.close()


async def _asked_raw(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a request over a connection that takes in little before somebody reads."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    body = b'{"model": "near", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ms-secret\r\n"
    writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return reader, writer


async def test_a_slow_reader_does_not_make_the_member_look_slow(serve: Serve) -> None:
    events = [chunk({"content": "word " * 20_000}) for _ in range(100)]
    wire = await serve(stream(*events, chunk({}, "stop"), DONE))
    clock, loop = FakeClock(), asyncio.get_running_loop()
    slow = member(ChatModel("far", base_url=wire.base_url, progress_s=PROGRESS_S))
    gateway = Gateway({"near": Pool("near", [slow], clock=clock)}, GatewaySettings(port=0))
    async with serving(gateway, GatewaySettings(port=0)) as url:
        reader, writer = await _asked_raw(url)
        await reader.readuntil(b"data: ")
        until_s = loop.time() + 1.5 * PROGRESS_S
        await until(lambda: loop.time() > until_s)
        clock.advance(1000)
        while not (await reader.read(1 << 20)).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"):
            pass
        writer.close()
        await writer.wait_closed()
    assert slow.counts.failures == 0
    assert slow.latency.seconds is not None
    assert slow.latency.seconds < 1


async def test_the_next_client_is_served_after_one_has_left(serve: Serve, front: Start) -> None:
    wire = await serve(HANG, said("Hi."), stream(*spoken("Ho"), DONE))
    opened = await front({"near": at(wire, concurrency=1)})
    asked = ask(opened)
    await wire.was_asked.wait()
    await leave(asked)
    assert await _hi(opened) == "Hi."
    assert await listen(await opened.client()) == "Ho"


async def _hi(opened: Front) -> str | None:
    client = await opened.client()
    return (await client.chat.completions.create(model="near", messages=HELLO)).choices[0].message.content
