"""Requests that are too large, broken or of the wrong kind: refused before anybody is asked."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.models.wire import Serve, said
from tests.unit.serve.fronts import HELLO, Front, Start, at, key

LIMIT = 4096


async def post(opened: Front, body: Any, path: str = "/v1/chat/completions", **headers: str) -> tuple[int, str]:
    """Send a body, and give the status and the words that come back."""
    async with opened.http.post(opened.url + path, data=body, headers=headers) as response:
        told = await response.json()
    return response.status, told["error"]["message"] if "error" in told else ""


async def dripping(n_pieces: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(n_pieces):
        yield b"x" * size


def asked(**fields: Any) -> bytes:
    return json.dumps({"model": "near", "messages": HELLO} | fields).encode()


async def test_a_body_that_says_it_is_too_large_is_refused_without_being_read(serve: Serve, front: Start) -> None:
    opened = await front({"near": at(await serve())}, max_body_bytes=LIMIT)
    host, port = opened.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
    assert await reader.readline() == b"HTTP/1.1 413 Request Entity Too Large\r\n"
    await reader.readuntil(b"\r\n\r\n")
    error = json.loads(await reader.readuntil(b"}}"))["error"]
    assert error["code"] == "request_too_large"
    assert "larger than 4,096 bytes" in error["message"]
    writer.close()
    await writer.wait_closed()


async def test_a_body_of_no_given_length_is_cut_at_the_limit(serve: Serve, front: Start) -> None:
    opened = await front({"near": at(await serve())}, max_body_bytes=LIMIT)
    assert await post(opened, dripping(100, 1000)) == (413, "the request is larger than 4,096 bytes")


async def test_a_small_body_that_unpacks_to_a_large_one_is_cut_at_the_limit(serve: Serve, front: Start) -> None:
    opened = await front({"near": at(await serve())}, max_body_bytes=LIMIT)
    bomb = gzip.compress(b" " * 10_000_000)[: LIMIT - 1]
    status, _ = await post(opened, bomb, **{"Content-Encoding": "gzip"})
    assert status == 413


async def test_a_packed_body_is_unpacked(serve: Serve, front: Start) -> None:
    opened = await front({"near": at(await serve(said("Hi.")))})
    assert await post(opened, gzip.compress(asked()), **{"Content-Encoding": "gzip"}) == (200, "")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"no gzip", {"Content-Encoding": "gzip"}),
        (gzip.compress(b"{}" * 1000)[:-12], {"Content-Encoding": "gzip"}),
    ],
    ids=["not packed", "cut off"],
)
async def test_a_body_that_cannot_be_unpacked_is_refused(
    body: bytes, headers: dict[str, str], serve: Serve, front: Start
) -> None:
    opened = await front({"near": at(await serve())})
    status, _ = await post(opened, body, **headers)
    assert status == 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (asked()[:-1], "not JSON"),
        (b"[]", "an object with a `model`"),
        (b"null", "an object with a `model`"),
        (b"{}", "an object with a `model`"),
        (asked(model=None), "an object with a `model`"),
        (asked(model=["near"]), "an object with a `model`"),
        (asked(messages=None), "`messages` has to be a list"),
        (asked(messages={}), "`messages` has to be a list"),
        (asked(messages=[]), "with at least one in it"),
        (asked(messages=["Hello"]), "a list of objects"),
        (asked(messages="Hello"), "`messages` has to be a list"),
        (asked(max_tokens="x"), "`max_tokens` has to be a whole number above 0, not 'x'"),
        (asked(max_tokens=1.5), "`max_tokens` has to be a whole number"),
        (asked(max_tokens=True), "`max_tokens` has to be a whole number"),
        (asked(max_tokens=0), "`max_tokens` has to be a whole number above 0"),
        (asked(max_tokens=5, max_completion_tokens=-1), "`max_completion_tokens` has to be a whole number"),
        (asked(n="2"), "`n` has to be a whole number above 0, not '2'"),
        (asked(n=2.0), "`n` has to be a whole number above 0, not 2.0"),
        (asked(stream="false"), "`stream` has to be true or false, not 'false'"),
        (asked(deep=json.loads("[" * 300 + "]" * 300)), "cannot be passed on"),
        (asked(messages=[{"content": json.loads("[" * 300 + "]" * 300)}]), "cannot be passed on"),
        (b'{"model": "near", "messages": ' + b"[" * 5000, "not JSON"),
    ],
    ids=lambda given: None if isinstance(given, str) else repr(given[:60]),
)
async def test_a_request_that_cannot_be_understood_is_told_why(
    body: bytes, words: str, serve: Serve, front: Start
) -> None:
    wire = await serve()
    opened = await front({"near": at(wire)}, keys={"team": key(budget={"output_tokens": 10_000})})
    status, told = await post(opened, body, Authorization="Bearer ms-secret")
    assert (status, words in told) == (400, True), told
    assert wire.asked == []


async def test_a_body_that_is_never_finished_keeps_nobody_else_waiting(serve: Serve, front: Start) -> None:
    opened = await front({"near": at(await serve(said("Hi.")))})
    host, port = opened.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
    await writer.drain()
    assert await post(opened, asked()) == (200, "")
    writer.close()
    await writer.wait_closed()


async def test_embeddings_are_not_streamed_and_what_they_hold_is_the_servers_to_judge(
    serve: Serve, front: Start
) -> None:
    opened = await front({"near": at(await serve())})
    body = json.dumps({"model": "near", "stream": True}).encode()
    assert await post(opened, body, "/v1/embeddings") == (400, "/embeddings cannot be streamed")
    odd = json.dumps({"model": "near", "input": {"a": 1}, "messages": {"b": 2}}).encode()
    status, told = await post(opened, odd, "/v1/embeddings")
    assert (status, "answered 418" in told) == (418, True)
