"""What goes wrong reaches OpenAI's client as the exception that it raises for it anywhere."""

import asyncio
import json
from typing import Any

import openai
import pytest

from tests.unit.models.wire import (
    DONE,
    HANG,
    Drip,
    Serve,
    Step,
    broken_stream,
    chunk,
    endless_stream,
    refusal,
    said,
    spoken,
    stalled_stream,
    stream,
)
from tests.unit.serve.fronts import HELLO, Start, at, key, listen

Status = openai.APIStatusError


async def refused(client: openai.AsyncOpenAI, model: str = "near", **fields: Any) -> Status:
    with pytest.raises(Status) as caught:
        await client.chat.completions.create(model=model, messages=HELLO, **fields)
    return caught.value


def told(error: Status) -> tuple[str | None, Any, str | None]:
    """Give what OpenAI's client makes of a refusal."""
    assert "x-request-id" in error.response.headers
    return type(error).__name__, error.code, error.type


@pytest.mark.parametrize("secret", ["ms-wrong", "not-even-ours"])
async def test_a_key_that_is_not_known_is_an_authentication_error(secret: str, serve: Serve, front: Start) -> None:
    wire = await serve()
    client = await (await front({"near": at(wire)}, keys={"team": key()})).client(secret)
    found = told(await refused(client))
    assert found == ("AuthenticationError", "invalid_api_key", "authentication_error")
    with pytest.raises(openai.AuthenticationError):
        await client.models.list()
    assert wire.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Authorization: Basic bXMtc2VjcmV0\r\n",
        b"Authorization: Bearer\r\n",
        b"Authorization: Bearer \xff\xc3\r\n",
        b"Authorization: ms-secret\r\n",
    ],
)
async def test_a_request_without_a_usable_key_is_told_how_to_send_one(
    headers: bytes, serve: Serve, front: Start
) -> None:
    opened = await front({"near": at(await serve())}, keys={"team": key()})
    head, body = await raw(opened.url, b"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers)
    assert head.startswith("HTTP/1.1 401")
    assert "WWW-Authenticate: Bearer" in head
    assert "Authorization: Bearer KEY" in json.loads(body)["error"]["message"]


async def raw(url: str, request: bytes) -> tuple[str, str]:
    """Send bytes, and give the head and the body of what comes back."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request + b"\r\n")
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head, body


async def test_a_model_that_is_not_there_is_a_not_found_error_that_names_those_that_are(
    serve: Serve, front: Start
) -> None:
    wire = await serve()
    keys = {"team": key(models=["near"])}
    client = await (await front({"near": at(wire), "secret": at(wire)}, keys=keys)).client()
    error = await refused(client, "nowhere")
    assert told(error) == ("NotFoundError", "model_not_found", "invalid_request_error")
    assert "there is no model 'nowhere'; there are near" in error.message
    assert "secret" not in error.message


async def test_a_model_that_a_key_may_not_use_is_a_permission_error(serve: Serve, front: Start) -> None:
    wire = await serve()
    keys = {"team": key(models=["near"])}
    client = await (await front({"near": at(wire), "dear": at(wire)}, keys=keys)).client()
    error = await refused(client, "dear")
    assert told(error) == ("PermissionDeniedError", "model_not_allowed", "permission_error")
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("dear")
    assert wire.asked == []


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        ("400 Bad Request", "BadRequestError"),
        ("422 Unprocessable Entity", "UnprocessableEntityError"),
        ("413 Too Large", "APIStatusError"),
        ("418 Teapot", "APIStatusError"),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_request_that_the_server_refuses_fails_as_it_does_there(
    status: str, raised: str, streamed: bool, serve: Serve, front: Start
) -> None:
    one, other = await serve(refusal(status, "too odd")), await serve(said("Hi."))
    error = await refused(await (await front({"near": at(one, other)})).client(), stream=streamed)
    assert (type(error).__name__, str(error.status_code)) == (raised, status[:3])
    assert "too odd" in error.message
    assert other.asked == []


@pytest.mark.parametrize("status", ["401 No", "403 No", "404 No", "402 Pay"])
async def test_a_member_that_refuses_the_gateways_own_key_or_name_is_no_fault_of_the_client(
    status: str, serve: Serve, front: Start
) -> None:
    wire = await serve(refusal(status))
    error = await refused(await (await front({"near": at(wire)})).client(max_retries=3))
    assert told(error) == ("InternalServerError", "upstream_misconfigured", "upstream_error")
    assert error.status_code == 502
    assert len(wire.asked) == 1


@pytest.mark.parametrize("status", ["302 Found", "204 No Content", "304 Not Modified"])
async def test_an_answer_that_is_no_reply_and_no_error_is_a_bad_gateway(
    status: str, serve: Serve, front: Start
) -> None:
    wire = await serve(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
    error = await refused(await (await front({"near": at(wire)})).client())
    assert (error.status_code, error.type) == (502, "upstream_error")


async def test_patience_that_a_member_asks_for_reaches_the_client(serve: Serve, front: Start) -> None:
    wire = await serve(refusal("429 Slow", "slow down", ["Retry-After: 77"]))
    error = await refused(await (await front({"near": at(wire, deadline_s=5)})).client())
    assert told(error) == ("RateLimitError", "rate_limit_exceeded", "rate_limit_error")
    assert error.response.headers["retry-after"] == "77"


async def test_members_that_are_full_are_a_rate_limit(serve: Serve, front: Start) -> None:
    wire = await serve(HANG)
    client = await (await front({"near": at(wire, concurrency=1, queue=0)})).client()
    first = asyncio.ensure_future(client.chat.completions.create(model="near", messages=HELLO))
    await wire.was_asked.wait()
    error = await refused(client)
    assert told(error) == ("RateLimitError", "rate_limit_exceeded", "rate_limit_error")
    assert int(error.response.headers["retry-after"]) >= 1
    first.cancel()


async def test_a_server_that_fails_is_an_internal_server_error(serve: Serve, front: Start) -> None:
    wire = await serve(refusal("500 Oh", "it broke"))
    error = await refused(await (await front({"near": at(wire)})).client())
    assert told(error) == ("InternalServerError", "upstream_unavailable", "upstream_error")
    assert error.status_code == 503


async def test_a_server_that_says_nothing_is_a_timeout_after_the_deadline(serve: Serve, front: Start) -> None:
    wire = await serve(HANG)
    error = await refused(await (await front({"near": at(wire, deadline_s=0.5)})).client())
    assert told(error) == ("InternalServerError", "upstream_timeout", "timeout_error")
    assert error.status_code == 504
    await wire.hung_up.wait()


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (broken_stream(chunk({"content": "He"})), "broke off"),
        (endless_stream(chunk({"content": "He"})), "broke off its stream before the reply was complete"),
        (stalled_stream(chunk({"content": "He"})), "brought nothing for 0.5 s"),
        (stream(chunk({"content": "He"}), b'data: {"error": {"message": "it burns"}}\n\n'), "it burns"),
        (stream(chunk({"content": "He"}), b'data: {"choices": [\n\n', DONE), "not JSON"),
        (stream(chunk({"content": "He"}), b"data: <html>\n\n", DONE), "not JSON"),
    ],
    ids=["broken", "without an end", "stalled", "error", "half a JSON", "a web page"],
)
async def test_a_stream_that_breaks_off_is_an_error_in_its_middle(
    step: list[bytes], words: str, serve: Serve, front: Start
) -> None:
    one, other = await serve(step), await serve(stream(*spoken("Hi"), DONE))
    client = await (await front({"near": at(one, other, progress_s=0.5)})).client()
    seen: list[str] = []
    with pytest.raises(openai.APIError, match=words) as caught:
        await listen(client, seen)
    assert seen == ["He"]
    assert caught.value.code == "upstream_unavailable"
    assert other.asked == []


@pytest.mark.parametrize(
    "step",
    [stalled_stream(chunk({"content": "He"})), stalled_stream(Drip(chunk({"content": "a"})))],
    ids=["silent", "endless"],
)
async def test_a_stream_that_outlasts_its_time_is_an_error_in_its_middle(
    step: Step, serve: Serve, front: Start
) -> None:
    wire = await serve(step)
    client = await (await front({"near": at(wire, stream_s=0.3)})).client()
    with pytest.raises(openai.APIError, match=r"took longer than 0\.3 s") as caught:
        await listen(client)
    assert caught.value.code == "upstream_timeout"
    await wire.hung_up.wait()


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v2", 404), ("GET", "/v1/embeddings", 405), ("POST", "/pool", 405)]
)
async def test_a_path_or_method_that_is_not_there_is_told_in_openais_shape(
    method: str, path: str, status: int, serve: Serve, front: Start
) -> None:
    opened = await front({"near": at(await serve())})
    async with opened.http.request(method, opened.url + path) as response:
        assert response.status == status
        assert "the gateway serves what is below /v1" in (await response.json())["error"]["message"]
