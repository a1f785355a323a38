"""OpenAI's own clients against the gateway: what they send arrives, and what is answered reaches them."""

import asyncio
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk

from tests.unit.models.wire import DONE, Serve, answer, chunk, completion, said, spoken, stream, tool_call
from tests.unit.serve.fronts import HELLO, USAGE, Start, at

WEATHER: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]


def words(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(choice.delta.content or "" for piece in chunks for choice in piece.choices)


async def test_a_whole_reply_reaches_the_client_as_the_member_sent_it(serve: Serve, front: Start) -> None:
    wire = await serve(said("Hi.", usage=USAGE, model="far"))
    client = await (await front({"near": at(wire)})).client()
    reply = await client.chat.completions.create(model="near", messages=HELLO)
    assert (reply.choices[0].message.content, reply.model) == ("Hi.", "far")
    assert reply.usage is not None
    assert reply.usage.model_dump(exclude_none=True) == USAGE
    assert wire.bodies == [{"model": "far", "messages": HELLO}]


async def test_a_streamed_reply_reaches_the_client_piece_by_piece(serve: Serve, front: Start) -> None:
    wire = await serve(stream(*spoken("He", "llo"), chunk(usage=USAGE), DONE))
    client = await (await front({"near": at(wire)})).client()
    pieces = [
        piece async for piece in await client.chat.completions.create(model="near", messages=HELLO, stream=True)
    ]
    assert words(pieces) == "Hello"
    assert all(piece.choices for piece in pieces)
    assert wire.bodies[0]["stream_options"] == {"include_usage": True}


async def test_the_usage_of_a_stream_is_told_to_those_who_ask_for_it(serve: Serve, front: Start) -> None:
    wire = await serve(stream(*spoken("Hello"), chunk(usage=USAGE), DONE))
    client = await (await front({"near": at(wire)})).client()
    options: Any = {"include_usage": True, "continuous_usage_stats": False}
    opened = await client.chat.completions.create(model="near", messages=HELLO, stream=True, stream_options=options)
    *_, last = [piece async for piece in opened]
    assert not last.choices
    assert last.usage is not None
    assert last.usage.total_tokens == 9
    assert wire.bodies[0]["stream_options"] == options


async def test_the_client_for_threads_is_served_as_well(serve: Serve, front: Start) -> None:
    wire = await serve(said("Hi."), stream(*spoken("He", "llo"), DONE))
    opened = await front({"near": at(wire)})

    def talk() -> tuple[str | None, str]:
        with opened.sync_client() as client:
            whole = client.chat.completions.create(model="near", messages=HELLO)
            pieces = list(client.chat.completions.create(model="near", messages=HELLO, stream=True))
            return whole.choices[0].message.content, words(pieces)

    assert await asyncio.to_thread(talk) == ("Hi.", "Hello")


async def test_fields_that_nobody_knows_arrive_as_they_were_sent(serve: Serve, front: Start) -> None:
    wire = await serve(said("Hi."))
    client = await (await front({"near": at(wire)})).client()
    odd = {"guided_json": {"type": "object"}, "top_k": 3, "ключ": ["é", None, 1.5, -(2**63)], "min_p": 1e-7}
    form: Any = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}
    await client.chat.completions.create(
        model="near", messages=HELLO, tools=WEATHER, response_format=form, n=2, seed=7, extra_body=odd
    )
    sent = {"model": "far", "messages": HELLO, "tools": WEATHER, "response_format": form, "n": 2, "seed": 7}
    assert wire.bodies == [sent | odd]


async def test_several_choices_and_tool_calls_reach_the_client(serve: Serve, front: Start) -> None:
    one = completion("Hi.")["choices"][0]
    two = completion(tool_calls=[tool_call("weather", '{"city": "Oslo"}')])["choices"][0] | {"index": 1}
    wire = await serve(answer({"choices": [one, two]}))
    client = await (await front({"near": at(wire)})).client()
    reply = await client.chat.completions.create(model="near", messages=HELLO, n=2)
    assert [choice.message.content for choice in reply.choices] == ["Hi.", None]
    (call,) = reply.choices[1].message.tool_calls or []
    assert call.type == "function"
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Oslo"}')


async def test_streamed_tool_calls_reach_the_client_although_they_speak_of_usage(
    serve: Serve, front: Start
) -> None:
    arguments = ['{"usage": {"error": ', '"no", "finish_reason": "stop"}}']
    calls = [
        chunk({"tool_calls": [{"index": 0} | (tool_call("weather", piece) if not n else _more(piece))]})
        for n, piece in enumerate(arguments)
    ]
    wire = await serve(stream(*calls, chunk({}, "tool_calls"), chunk(usage=USAGE), DONE))
    client = await (await front({"near": at(wire)})).client()
    seen = ""
    async for piece in await client.chat.completions.create(model="near", messages=HELLO, stream=True):
        for call in piece.choices[0].delta.tool_calls or ():
            assert call.function is not None
            seen += call.function.arguments or ""
    assert seen == "".join(arguments)


def _more(arguments: str) -> dict[str, Any]:
    return {"function": {"arguments": arguments}}


@pytest.mark.parametrize(
    ("field", "sent_as"), [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")]
)
async def test_the_bound_on_a_reply_has_the_name_that_the_member_knows(
    field: str, sent_as: str, serve: Serve, front: Start
) -> None:
    wire = await serve(said("Hi."))
    house = {"base_url": wire.base_url, "max_tokens_field": sent_as}
    opened = await front({"near": {"provider": "house", "model": "far"}}, providers={"house": house})
    await (await opened.client()).chat.completions.create(model="near", messages=HELLO, extra_body={field: 5})
    assert wire.bodies == [{"model": "far", "messages": HELLO, sent_as: 5}]


async def test_embeddings_reach_the_client(serve: Serve, front: Start) -> None:
    found = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}]}
    wire = await serve(answer(found | {"usage": {"prompt_tokens": 3, "total_tokens": 3}}))
    client = await (await front({"near": at(wire)})).client()
    reply = await client.embeddings.create(model="near", input=["Hello"], encoding_format="float", dimensions=2)
    assert reply.data[0].embedding == [0.5, -1.0]
    assert (wire.asked[0].path, wire.bodies[0]["dimensions"]) == ("/v1/embeddings", 2)


async def test_the_models_are_listed_and_found_by_name(serve: Serve, front: Start) -> None:
    wire = await serve()
    client = await (await front({"near": at(wire), "team/other": at(wire)})).client()
    listed = [model async for model in client.models.list()]
    assert [(model.id, model.owned_by) for model in listed] == [
        ("near", "mainspring"),
        ("team/other", "mainspring"),
    ]
    assert (await client.models.retrieve("team/other")) == listed[1]


async def test_a_request_has_the_id_that_the_client_gave_it_or_one_of_its_own(serve: Serve, front: Start) -> None:
    wire = await serve(said("Hi."), said("Hi."), stream(*spoken("Hi"), DONE))
    create = (await (await front({"near": at(wire)})).client()).chat.completions
    given = {"X-Request-Id": "mine-1"}
    first = await create.create(model="near", messages=HELLO, extra_headers=given)
    second = await create.create(model="near", messages=HELLO)
    third = await create.with_raw_response.create(model="near", messages=HELLO, stream=True, extra_headers=given)
    assert (first._request_id, third.request_id) == ("mine-1", "mine-1")  # noqa: SLF001 - this is its name
    assert len(second._request_id or "") == 24  # noqa: SLF001 - as above
    assert third.headers["x-mainspring-member"] == "member-0"
    assert [piece async for piece in third.parse()]


async def test_an_id_that_would_spoil_a_log_is_not_taken(serve: Serve, front: Start) -> None:
    wire = await serve(said("Hi."))
    opened = await front({"near": at(wire)})
    headers = {"X-Request-Id": "two words " + "x" * 200}
    async with opened.http.get(opened.url + "/v1/models", headers=headers) as response:
        assert len(response.headers["X-Request-Id"]) == 24


@pytest.mark.parametrize("session", ["one", "two"])
async def test_a_conversation_goes_on_where_it_began(session: str, serve: Serve, front: Start) -> None:
    wires = [await serve(*[said("Hi.")] * 6) for _ in range(2)]
    client = await (await front({"near": at(*wires)})).client()
    first = await client.chat.completions.with_raw_response.create(
        model="near", messages=HELLO, extra_body={"prompt_cache_key": session}
    )
    for _ in range(3):
        again = await client.chat.completions.with_raw_response.create(
            model="near", messages=[*HELLO, *HELLO], extra_body={"prompt_cache_key": session}
        )
        assert again.headers["x-mainspring-member"] == first.headers["x-mainspring-member"]
