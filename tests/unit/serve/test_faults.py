"""Members that fail in every way there is, and others that answer in their place."""

import asyncio
import json
import ssl
from typing import Any

import pytest
import trustme

from tests.unit.models.wire import (
    DONE,
    HANG,
    RESET,
    Serve,
    Step,
    answer,
    broken_stream,
    chunk,
    completion,
    endless_stream,
    refusal,
    said,
    spoken,
    stalled_stream,
    stream,
    tool_call,
)
from tests.unit.serve.fronts import HELLO, USAGE, Elsewhere, Start, at, listen, nowhere

HTML = answer("<html>Bad gateway</html>", content_type="text/html")
HALF = answer('{"choices": [{"message": {"content": "He')
ERROR = answer({"error": {"message": "out of memory"}})
FAULTS: dict[str, Step] = {
    "hangs": HANG,
    "resets": RESET,
    "web page": HTML,
    "half a JSON": HALF,
    "error with status 200": ERROR,
    "something else": answer({"object": "list"}),
    "choices that are none": answer({"choices": "none"}),
    "no JSON object": answer("[1, 2]"),
    "500": refusal("500 Oh"),
    "503 for long": refusal("503 Oh", headers=["Retry-After: 500"]),
    "429": refusal("429 Slow", headers=["Retry-After: 500"]),
    "its own key": refusal("401 No"),
    "nothing": b"\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a reply": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{",
}
STREAM_FAULTS: dict[str, Step] = {
    **{name: step for name, step in FAULTS.items() if name != "something else"},
    "an error before anything": stream(b'data: {"error": {"message": "no"}}\n\n'),
    "nothing but an end": stream(DONE),
    "no end": endless_stream(chunk({"role": "assistant", "content": ""})),
    "breaks off before anything": broken_stream(chunk({"role": "assistant", "content": ""})),
    "begins and says nothing": stalled_stream(chunk({"role": "assistant"})),
    "half an event": stream(b'data: {"choices": [{"del\n\n', DONE),
    "events of another kind": stream(b'data: {"choices": [1]}\n\n', b'data: {"choices": 7}\n\n', DONE),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_member_that_fails_is_passed_over(fault: str, serve: Serve, front: Start) -> None:
    bad, good = await serve(FAULTS[fault]), await serve(said("Hi.", usage=USAGE))
    client = await (await front({"near": at(bad, good, attempt_s=0.5)})).client()
    reply = await client.chat.completions.create(model="near", messages=HELLO)
    assert reply.choices[0].message.content == "Hi."
    assert (len(bad.asked), len(good.asked)) == (1, 1)


@pytest.mark.parametrize("fault", STREAM_FAULTS)
async def test_a_member_that_fails_before_its_first_content_is_passed_over(
    fault: str, serve: Serve, front: Start
) -> None:
    bad, good = await serve(STREAM_FAULTS[fault]), await serve(stream(*spoken("Hi", "."), DONE))
    client = await (await front({"near": at(bad, good, attempt_s=0.5)})).client()
    assert await listen(client) == "Hi."
    assert (len(bad.asked), len(good.asked)) == (1, 1)


async def test_a_member_that_nobody_listens_at_is_passed_over_and_left_out(serve: Serve, front: Start) -> None:
    good = await serve(said("Hi."), said("Hi."))
    opened = await front({"near": at(nowhere(), good)})
    client = await opened.client()
    for _ in range(2):
        await client.chat.completions.create(model="near", messages=HELLO)
    pool = opened.gateway.pools["near"]
    assert [member.counts.calls for member in pool.members] == [1, 2]


async def test_a_member_whose_certificate_is_not_trusted_is_passed_over(serve: Serve, front: Start) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    good = await serve(said("Hi."))
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context) as forger:
        port = forger.sockets[0].getsockname()[1]
        client = await (await front({"near": at(Elsewhere(f"https://127.0.0.1:{port}/v1"), good)})).client()
        reply = await client.chat.completions.create(model="near", messages=HELLO)
    assert reply.choices[0].message.content == "Hi."


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
async def test_events_split_over_packets_arrive_whole(size: int, serve: Serve, front: Start) -> None:
    events = b"".join([b": a comment\n\n", *spoken("Grüße", " 🚀"), chunk(usage=USAGE), DONE])
    events = events.replace(b"\\u00fc", "ü".encode()).replace(b"\n\n", b"\r\n\r\n")
    head = stream(events)[0]
    wire = await serve([head, *(events[at : at + size] for at in range(0, len(events), size))])
    client = await (await front({"near": at(wire)})).client()
    assert await listen(client) == "Grüße 🚀"


async def test_events_that_come_together_arrive_one_by_one(serve: Serve, front: Start) -> None:
    wire = await serve(stream(b"".join([*spoken("He", "llo"), chunk(usage=USAGE), DONE])))
    client = await (await front({"near": at(wire)})).client()
    seen: list[str] = []
    await listen(client, seen)
    assert seen == ["He", "llo", ""]


async def test_a_reply_without_any_content_is_a_reply(serve: Serve, front: Start) -> None:
    wire = await serve(stream(chunk({"role": "assistant", "content": ""}), chunk({}, "stop"), DONE))
    client = await (await front({"near": at(wire)})).client()
    opened = await client.chat.completions.create(model="near", messages=HELLO, stream=True)
    finishes = [choice.finish_reason async for piece in opened for choice in piece.choices]
    assert finishes == [None, "stop"]


@pytest.mark.parametrize("indent", [None, 2])
async def test_the_whole_reply_of_a_server_that_does_not_stream_comes_as_one_piece(
    indent: int | None, serve: Serve, front: Start
) -> None:
    reply = completion("Hi.", tool_calls=[tool_call("weather", "{}")], usage=USAGE)
    wire = await serve(answer(json.dumps(reply, indent=indent)))
    client = await (await front({"near": at(wire)})).client()
    (piece,) = [
        piece async for piece in await client.chat.completions.create(model="near", messages=HELLO, stream=True)
    ]
    (choice,) = piece.choices
    assert (piece.object, choice.delta.content, choice.finish_reason) == ("chat.completion.chunk", "Hi.", "stop")
    assert [(call.index, call.id) for call in choice.delta.tool_calls or ()] == [(0, "call_abc")]


async def test_an_old_fashioned_function_call_is_content(serve: Serve, front: Start) -> None:
    called = chunk({"function_call": {"name": "weather", "arguments": "{}"}})
    wire = await serve(broken_stream(called))
    other = await serve(stream(*spoken("Hi"), DONE))
    client = await (await front({"near": at(wire, other)})).client()
    opened = await client.chat.completions.create(model="near", messages=HELLO, stream=True)
    first = await anext(aiter(opened))
    assert first.choices[0].delta.function_call is not None
    await opened.close()
    assert other.asked == []


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -5, "completion_tokens": -7},
        {"prompt_tokens": 10**30, "completion_tokens": 10**12},
        {"prompt_tokens": "many", "completion_tokens": None},
        "none",
        [],
        None,
    ],
    ids=str,
)
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_usage_that_cannot_be_is_passed_on_but_not_counted(
    usage: Any, streamed: bool, serve: Serve, front: Start
) -> None:
    step: Step = stream(*spoken("Hi"), chunk(usage=usage), DONE) if streamed else said("Hi", usage=usage)
    opened = await front({"near": at(await serve(step))})
    fields: Any = {"stream_options": {"include_usage": True}} if streamed else {}
    body = {"model": "near", "messages": HELLO, "stream": streamed} | fields
    async with opened.http.post(opened.url + "/v1/chat/completions", json=body) as response:
        assert response.status == 200
        assert "Hi" in await response.text()
    (member,) = opened.gateway.pools["near"].members
    assert (member.counts.input_tokens, member.counts.output_tokens) == (0, 0)
    assert "mainspring_tokens_total{" not in await opened.text("/metrics")
