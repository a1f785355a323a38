"""What a chat model makes of a reply that comes piece by piece."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from mainspring.core import Act, Answer, Reply, Request, ToolCall, Unusable
from mainspring.core.errors import ModelRefused, ModelUnavailable
from mainspring.models.prices import Rates
from tests.unit.models.asking import TOOLS, model, request
from tests.unit.models.wire import (
    DONE,
    Serve,
    Step,
    Wire,
    answer,
    broken_stream,
    chunk,
    endless_stream,
    refusal,
    said,
    spoken,
    stalled_stream,
    stream,
    tool_call,
)


async def streamed(wire: Wire, asked: Request | None = None, **settings: object) -> tuple[Reply, list[str]]:
    deltas: list[str] = []
    reply = await model(wire, **settings).ask(asked or request(), deltas.append)
    return reply, deltas


async def test_a_stream_is_asked_for_with_its_usage_only_where_somebody_listens(serve: Serve) -> None:
    wire = await serve(stream(*spoken("hi"), DONE), said("hi"))
    await streamed(wire)
    await model(wire).ask(request())
    assert wire.bodies[0] == wire.bodies[1] | {"stream": True, "stream_options": {"include_usage": True}}


async def test_deltas_come_in_order_and_join_to_the_answer(serve: Serve) -> None:
    wire = await serve(
        stream(chunk({"role": "assistant", "content": ""}), *spoken("hi", " ", "there 🙂", "\n"), DONE)
    )
    reply, deltas = await streamed(wire)
    assert deltas == ["hi", " ", "there 🙂", "\n"]
    assert reply.decision == Answer(value="hi there 🙂\n")
    assert reply.finish_reason == "stop"


async def test_usage_and_model_are_taken_from_wherever_they_stand(serve: Serve) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 500}}
    named = chunk({"content": "hi"}, model="m-1-2025")
    last = [chunk(usage=usage), b'data: {"usage": ' + json.dumps(usage).encode() + b"}\n\n"]
    wire = await serve(*[stream(named, *spoken("!"), end, DONE) for end in last])
    for _ in last:
        reply, _ = await streamed(wire, price=Rates(input=Decimal(1), output=Decimal(1)))
        assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.cached_tokens) == (1000, 10, 500)
        assert reply.usage.cost_usd == Decimal("0.00101")
        assert reply.model == "m-1-2025"


async def test_calls_are_put_together_from_their_pieces(serve: Serve) -> None:
    def piece(index: int, **function: str) -> dict[str, object]:
        return {"index": index, "function": function}

    wire = await serve(
        stream(
            chunk({"content": "I look. "}),
            chunk({"tool_calls": [piece(1, name="lookup", arguments='{"ci') | {"id": "b"}]}),
            chunk({"tool_calls": [piece(0, name="lookup", arguments="") | {"id": "a", "type": "function"}]}),
            chunk({"tool_calls": [piece(0, arguments='{"city": ')]}),
            chunk({"tool_calls": [piece(0, arguments='"Oslo"}'), piece(1, arguments='ty": "Rome"}')]}),
            chunk({}, "tool_calls"),
            DONE,
        )
    )
    reply, deltas = await streamed(wire, request(options=TOOLS))
    assert deltas == ["I look. "]
    assert reply.decision == Act(
        thought="I look. ",
        calls=(
            ToolCall(id="a", name="lookup", arguments={"city": "Oslo"}),
            ToolCall(id="b", name="lookup", arguments={"city": "Rome"}),
        ),
    )


async def test_reasoning_is_the_thought_and_no_delta(serve: Serve) -> None:
    wire = await serve(stream(chunk({"reasoning_content": "h"}), chunk({"reasoning": "m"}), *spoken("hi"), DONE))
    reply, deltas = await streamed(wire)
    assert reply.decision == Answer(thought="hm", value="hi")
    assert deltas == ["hi"]


EVENTS = b"".join(
    (
        b": keep alive\r\n\r\n",
        chunk({"content": "grüße 🙂"}, model="m").replace(b"\n\n", b"\r\n\r\n"),
        b"event: message\nid: 1\n" + chunk({"content": " data: [DONE]\n"}),
        b"data:" + chunk({"tool_calls": [tool_call("lookup", '{"city": "Zürich"}')]}).removeprefix(b"data: "),
        b"retry: 10\n",
        chunk({}, "stop"),
        chunk(usage={"prompt_tokens": 3}),
        DONE,
    )
)


async def test_events_are_read_wherever_the_network_cuts_them(serve: Serve) -> None:
    whole = stream(EVENTS)[0]
    cuts: list[Step] = [[whole, EVENTS[:place], EVENTS[place:]] for place in range(len(EVENTS) + 1)]
    wire = await serve(*cuts)
    for _ in cuts:
        reply, deltas = await streamed(wire, request(options=TOOLS))
        assert deltas == ["grüße 🙂", " data: [DONE]\n"]
        assert isinstance(reply.decision, Act)
        assert reply.decision.calls[0].arguments == {"city": "Zürich"}
        assert (reply.model, reply.usage.input_tokens) == ("m", 3)
    assert wire.n_connections == 1


async def test_events_are_read_byte_by_byte(serve: Serve) -> None:
    wire = await serve(stream(*(bytes([byte]) for byte in EVENTS)))
    _, deltas = await streamed(wire, request(options=TOOLS))
    assert deltas == ["grüße 🙂", " data: [DONE]\n"]


async def test_a_stream_that_ends_without_done_is_whole_if_it_gave_a_reason(serve: Serve) -> None:
    wire = await serve(endless_stream(*spoken("hi")), stream(*spoken("there")))
    assert (await streamed(wire))[0].decision == Answer(value="hi")
    assert (await streamed(wire))[0].decision == Answer(value="there")


@pytest.mark.parametrize("build", [stalled_stream, broken_stream], ids=["stalled", "broken"])
async def test_what_a_server_does_after_it_is_done_does_not_matter(
    serve: Serve, build: Callable[..., Step]
) -> None:
    wire = await serve(build(*spoken("hi"), DONE))
    assert (await streamed(wire))[0].decision == Answer(value="hi")


async def test_a_stream_that_was_cut_off_for_lack_of_tokens_is_unusable(serve: Serve) -> None:
    wire = await serve(stream(chunk({"content": "hi the"}), chunk({}, "length"), DONE))
    reply, _ = await streamed(wire)
    assert isinstance(reply.decision, Unusable)
    assert reply.finish_reason == "length"


@pytest.mark.parametrize(
    "step",
    [
        broken_stream(),
        broken_stream(chunk({"role": "assistant"})),
        endless_stream(DONE),
        endless_stream(b"data: {oops\n\n"),
        endless_stream(b'data: {"error": {"message": "out of memory"}}\n\n'),
        endless_stream(b'data: {"choices": "hi"}\n\n'),
        answer("<html>Welcome</html>", content_type="text/html"),
    ],
    ids=["at once", "after the role", "done", "no json", "error", "odd", "html"],
)
async def test_a_stream_that_breaks_before_anything_was_said_may_be_tried_again(serve: Serve, step: Step) -> None:
    wire = await serve(step)
    with pytest.raises(ModelUnavailable):
        await streamed(wire, retries=0)
    assert len(wire.asked) == 1


async def test_a_stream_that_breaks_before_anything_was_said_is_tried_again(serve: Serve) -> None:
    wire = await serve(broken_stream(chunk({"role": "assistant"})), stream(*spoken("hi"), DONE))
    reply, deltas = await streamed(wire)
    assert reply.decision == Answer(value="hi")
    assert deltas == ["hi"]
    assert len(wire.asked) == 2


@pytest.mark.parametrize(
    "said_first", [{"content": "hi"}, {"tool_calls": [{"index": 0, "function": {}}]}, {"reasoning": "hm"}], ids=str
)
@pytest.mark.parametrize("build", [broken_stream, endless_stream], ids=["broken", "ended"])
async def test_a_stream_that_breaks_after_something_was_said_is_not_begun_anew(
    serve: Serve, said_first: dict[str, object], build: Callable[..., Step]
) -> None:
    wire = await serve(build(chunk(said_first)), stream(*spoken("other words"), DONE))
    with pytest.raises(ModelUnavailable, match="broke off"):
        await streamed(wire)
    assert len(wire.asked) == 1


async def test_an_error_within_a_stream_is_told_in_the_servers_words(serve: Serve) -> None:
    wire = await serve(stream(chunk({"content": "hi"}), b'data: {"error": {"message": "out of memory"}}\n\n'))
    with pytest.raises(ModelUnavailable, match="out of memory"):
        await streamed(wire)


async def test_a_refused_stream_is_refused_like_any_call(serve: Serve) -> None:
    wire = await serve(refusal("404 Not Found", "no such model"))
    with pytest.raises(ModelRefused, match="no such model"):
        await streamed(wire)


async def test_a_server_that_does_not_stream_may_answer_at_once(serve: Serve) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 1}
    calls = [tool_call("lookup", '{"city": "Oslo"}', "a"), tool_call("lookup", '{"city": "Rome"}', "b")]
    wire = await serve(said("hi there", usage=usage), said("well", tool_calls=calls))
    reply, deltas = await streamed(wire)
    assert reply.decision == Answer(value="hi there")
    assert deltas == ["hi there"]
    assert reply.usage.input_tokens == 3
    reply, _ = await streamed(wire, request(options=TOOLS))
    assert isinstance(reply.decision, Act)
    assert [call.arguments for call in reply.decision.calls] == [{"city": "Oslo"}, {"city": "Rome"}]


async def test_the_error_of_a_listener_is_not_taken_for_the_servers_and_frees_the_connection(serve: Serve) -> None:
    wire = await serve(stream(*spoken("hi", "there"), DONE), said("hi"))

    def listen(text: str) -> None:
        raise ZeroDivisionError(text)

    with pytest.raises(ZeroDivisionError):
        await model(wire).ask(request(), listen)
    assert (await model(wire).ask(request())).decision == Answer(value="hi")
