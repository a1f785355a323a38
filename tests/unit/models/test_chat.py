"""What a chat model sends, and what it makes of a whole reply."""

import asyncio
import gc
import socket
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal

import pytest

from mainspring import Agent, ChatModel
from mainspring.agent import run_in_new_loop
from mainspring.core import (
    Act,
    Answer,
    Conversation,
    Label,
    Message,
    Options,
    Request,
    Sampling,
    ToolCall,
    ToolResult,
    ToolSpec,
    Unusable,
    encode,
)
from mainspring.core.errors import ConfigError, ModelError
from mainspring.models.modes import MODES
from mainspring.models.prices import FREE, Rates
from tests.unit.models.asking import KEY, LOOKUP, TOOLS, model, request
from tests.unit.models.wire import HANG, Serve, Wire, answer, refusal, said, tool_call

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 400}}


async def test_a_request_holds_model_messages_tools_and_sampling_and_nothing_else(serve: Serve) -> None:
    wire = await serve(said("hi"))
    sampling = Sampling(temperature=0.5, top_p=0.9, seed=1, max_output_tokens=50, stop=("END",))
    await model(wire).ask(
        request(Message.system("Be brief."), Message.user("hello"), options=TOOLS, sampling=sampling)
    )
    (asked,) = wire.asked
    assert (asked.method, asked.path) == ("POST", "/v1/chat/completions")
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "m-1",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        "tools": [
            {
                "type": "function",
                "function": {"name": "lookup", "description": "Look up.", "parameters": LOOKUP.parameters},
            }
        ],
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 1,
        "max_tokens": 50,
        "stop": ["END"],
    }


async def test_what_is_not_said_is_not_sent(serve: Serve) -> None:
    wire = await serve(said("hi"))
    await model(wire, api_key=None).ask(request())
    assert wire.bodies == [{"model": "m-1", "messages": [{"role": "user", "content": "hello"}]}]
    assert "authorization" not in wire.asked[0].headers


async def test_a_request_fills_its_gaps_from_the_models_own_settings(serve: Serve) -> None:
    wire = await serve(said("hi"), said("hi"))
    asked = model(
        wire,
        sampling=Sampling(temperature=0.0, max_output_tokens=10),
        extra_body={"top_k": 5, "temperature": 0.7},
        max_tokens_field="max_completion_tokens",
    )
    await asked.ask(request(sampling=Sampling(max_output_tokens=20)))
    body = wire.bodies[0]
    assert body["max_completion_tokens"] == 20
    assert "max_tokens" not in body
    assert body["top_k"] == 5
    assert body["temperature"] == 0.7
    await asked.ask(request())
    assert wire.bodies[1]["max_completion_tokens"] == 10


async def test_the_stops_of_mode_and_sampling_are_joined(serve: Serve) -> None:
    wire = await serve(said("Final Answer: hi"))
    await model(wire, mode="text").ask(request(options=TOOLS, sampling=Sampling(stop=("END",))))
    assert wire.bodies[0]["stop"] == ["\nObservation:", "END"]


@pytest.mark.parametrize("mode", ["structured", "text"])
async def test_what_a_mode_has_to_say_stands_behind_the_instructions_or_before_all_else(
    serve: Serve, mode: str
) -> None:
    wire = await serve(*[said('{"answer": "hi"} Final Answer: hi')] * 2)
    asked = model(wire, mode=mode)
    await asked.ask(request(Message.system("Be brief."), Message.user("hello"), options=TOOLS))
    await asked.ask(request(options=TOOLS))
    preamble = (asked.mode if not isinstance(asked.mode, str) else MODES[mode]).preamble(TOOLS)  # type: ignore[index]
    assert [body["messages"] for body in wire.bodies] == [
        [{"role": "system", "content": f"Be brief.\n\n{preamble}"}, {"role": "user", "content": "hello"}],
        [{"role": "system", "content": preamble}, {"role": "user", "content": "hello"}],
    ]


async def test_one_message_may_be_sent_to_models_of_one_name_with_different_tools(serve: Serve) -> None:
    wire = await serve(*[said('{"answer": "hi"}')] * 2)
    hello = Message.user("hello")
    other = Options(tools=(ToolSpec("find", "Find.", {"type": "object", "properties": {}}),))
    await model(wire, mode="structured").ask(request(hello, options=TOOLS))
    await model(wire, mode="structured").ask(request(hello, options=other))
    first, second = (body["messages"][0]["content"] for body in wire.bodies)
    assert "lookup" in first
    assert "lookup" not in second
    assert "find" in second


async def test_one_conversation_may_be_sent_to_models_of_one_name_with_different_tools(serve: Serve) -> None:
    wire = await serve(*[said("Final Answer: hi")] * 3)
    conversation = Conversation([Message.user("hello")])
    must_answer = Options(tools=(LOOKUP,), must_answer=True)
    first, second = model(wire, mode="text"), model(wire, mode="text")
    for asked, options in ((first, TOOLS), (second, must_answer), (first, must_answer)):
        await asked.ask(Request(conversation, options, Sampling()))
    said_first = [body["messages"][0]["content"] for body in wire.bodies]
    assert ["lookup" in words for words in said_first] == [True, False, False]


async def test_a_conversation_that_grows_is_sent_whole_each_time(serve: Serve) -> None:
    wire = await serve(*[said("hi")] * 2)
    conversation = Conversation([Message.system("Be brief."), Message.user("hello")])
    asked = model(wire, mode="text")
    await asked.ask(Request(conversation, TOOLS, Sampling()))
    conversation.add(Message.user("again"))
    await asked.ask(Request(conversation, TOOLS, Sampling()))
    first, second = (body["messages"] for body in wire.bodies)
    assert second == [*first, {"role": "user", "content": "again"}]


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_the_bytes_of_a_longer_conversation_begin_with_those_of_a_shorter(mode: object) -> None:
    asked = ChatModel("m-1", base_url="http://localhost/v1")
    chosen = next(own for own in MODES.values() if own is mode)
    call = ToolCall(id="1", name="lookup", arguments={"city": "Oslo"})
    messages = [
        Message.system("Be brief."),
        Message.user("hello"),
        Message(role="assistant", parts=(call,), label=Label()),
        Message(role="tool", parts=(ToolResult(call_id="1", name="lookup", text="rain"),), label=Label()),
    ]
    shorter = asked.body(request(*messages[:2], options=TOOLS), chosen)
    longer = asked.body(request(*messages, options=TOOLS), chosen)
    assert longer.startswith(shorter[: shorter.index(b"]", shorter.index(b"hello"))])


async def test_two_megabytes_are_sent_whole_and_again_after_a_failure(serve: Serve) -> None:
    wire = await serve(refusal("503 Busy"), said("hi"))
    story = "é" * 1_000_000
    await model(wire).ask(request(Message.user(story)))
    assert [body["messages"][0]["content"] for body in wire.bodies] == [story, story]


async def test_words_are_the_answer_and_the_servers_name_of_the_model_is_kept(serve: Serve) -> None:
    wire = await serve(said("hi there", model="m-1-2025"), said("hi"))
    asked = model(wire, name="house:m-1")
    reply = await asked.ask(request())
    assert reply.decision == Answer(value="hi there")
    assert (reply.model, reply.finish_reason) == ("m-1-2025", "stop")
    assert reply.message.role == "assistant"
    assert reply.message.text == "hi there"
    assert asked.name == "house:m-1"
    assert (await asked.ask(request())).model == "m-1"


async def test_the_servers_calls_act(serve: Serve) -> None:
    wire = await serve(
        said(None, tool_calls=[tool_call("lookup", '{"city": "Oslo"}', "a")], finish_reason="tool_calls")
    )
    reply = await model(wire).ask(request(options=TOOLS))
    assert reply.decision == Act(calls=(ToolCall(id="a", name="lookup", arguments={"city": "Oslo"}),))
    assert reply.finish_reason == "tool_calls"


async def test_arguments_that_come_as_an_object_are_understood(serve: Serve) -> None:
    call = {"function": {"name": "lookup", "arguments": {"city": "Oslo"}}}
    wire = await serve(said("", tool_calls=[call]))
    reply = await model(wire).ask(request(options=TOOLS, turn=2))
    assert reply.decision == Act(calls=(ToolCall(id="call_2_0", name="lookup", arguments={"city": "Oslo"}),))


async def test_words_that_come_in_parts_are_joined(serve: Serve) -> None:
    parts = [{"type": "text", "text": "hi "}, {"type": "image"}, {"type": "text", "text": "there"}]
    wire = await serve(answer({"choices": [{"message": {"content": parts}, "finish_reason": "stop"}]}))
    assert (await model(wire).ask(request())).decision == Answer(value="hi there")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_is_the_thought_and_not_sent_back(serve: Serve, field: str) -> None:
    call = tool_call("lookup", "{}", "a")
    wire = await serve(said(None, tool_calls=[call], **{field: "hm"}), said("hi", **{field: "so"}))
    asked = model(wire)
    first = await asked.ask(request(options=TOOLS))
    assert first.decision.thought == "hm"
    second = await asked.ask(request(Message.user("hello"), first.message, options=TOOLS))
    assert second.decision == Answer(thought="so", value="hi")
    assert "hm" not in str(wire.bodies[1])


@pytest.mark.parametrize(
    ("given", "known"),
    [("stop", "stop"), ("length", "length"), ("function_call", "tool_calls"), (None, "other"), ("eos", "other")],
)
async def test_the_reason_a_reply_ended_for_is_one_of_a_few(serve: Serve, given: str | None, known: str) -> None:
    wire = await serve(said("hi", finish_reason=given))
    assert (await model(wire).ask(request())).finish_reason == known


async def test_a_reply_that_was_cut_off_is_unusable_and_its_words_are_kept(serve: Serve) -> None:
    wire = await serve(said("hi the", finish_reason="length"))
    reply = await model(wire).ask(request())
    assert isinstance(reply.decision, Unusable)
    assert reply.decision.written == reply.message.text == "hi the"


@pytest.mark.parametrize("mode", ["structured", "text"])
async def test_unusable_words_are_shown_to_the_model_as_it_wrote_them(serve: Serve, mode: str) -> None:
    wire = await serve(*[said("Sure, I can do that!")] * 2)
    asked = model(wire, mode=mode)
    reply = await asked.ask(request(options=TOOLS))
    await asked.ask(request(Message.user("hello"), reply.message, Message.user("again"), options=TOOLS))
    assert wire.bodies[1]["messages"][-2] == {"role": "assistant", "content": "Sure, I can do that!"}


async def test_an_unusable_call_is_shown_to_the_model_in_words(serve: Serve) -> None:
    wire = await serve(said(None, tool_calls=[tool_call("lookup", '{"city": ')]), said("hi"))
    asked = model(wire)
    reply = await asked.ask(request(options=TOOLS))
    assert isinstance(reply.decision, Unusable)
    await asked.ask(request(Message.user("hello"), reply.message, Message.user("again"), options=TOOLS))
    assert wire.bodies[1]["messages"][1] == {"role": "assistant", "content": 'lookup {"city": '}


async def test_of_a_long_unusable_reply_a_part_is_kept(serve: Serve) -> None:
    wire = await serve(said("no " * 10_000))
    reply = await model(wire, mode="structured").ask(request())
    assert isinstance(reply.decision, Unusable)
    assert len(reply.decision.written) == 2_000
    assert reply.message.raw == reply.decision.written


async def test_a_spoken_call_goes_back_as_the_call_it_was_taken_for(serve: Serve) -> None:
    wire = await serve(said('```json\n{"name": "lookup", "arguments": {}}\n```'), said("hi"))
    asked = model(wire)
    reply = await asked.ask(request(options=TOOLS))
    await asked.ask(request(Message.user("hello"), reply.message, options=TOOLS))
    back = wire.bodies[1]["messages"][1]
    assert back["content"] is None
    assert back["tool_calls"][0]["function"] == {"name": "lookup", "arguments": "{}"}


async def test_a_reply_is_no_better_than_what_was_asked(serve: Serve) -> None:
    wire = await serve(said("hi"))
    untrusted = Label(sources=("tool:web",))
    reply = await model(wire).ask(replace(request(), label=untrusted))
    assert reply.message.label == untrusted


async def test_tokens_are_counted_and_priced_by_ones_own_rates(serve: Serve) -> None:
    wire = await serve(said("hi", usage=USAGE))
    rates = Rates(input=Decimal(2), output=Decimal(10), cached_input=Decimal("0.5"))
    usage = (await model(wire, price=rates).ask(request())).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (1000, 100, 400)
    assert (usage.model_calls, usage.tool_calls) == (1, 0)
    assert usage.cost_usd == Decimal("0.0024")


async def test_cached_tokens_cost_as_much_as_others_where_nothing_else_is_said(serve: Serve) -> None:
    wire = await serve(said("hi", usage=USAGE))
    rates = Rates(input=Decimal(2), output=Decimal(10))
    assert (await model(wire, price=rates).ask(request())).usage.cost_usd == Decimal("0.003")


async def test_an_unknown_price_is_unknown_and_a_free_call_costs_nothing(serve: Serve) -> None:
    wire = await serve(*[said("hi", usage=USAGE)] * 2)
    assert (await model(wire).ask(request())).usage.cost_usd is None
    assert (await model(wire, price=FREE).ask(request())).usage.cost_usd == 0


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "prompt_tokens_details": None}])
async def test_tokens_that_the_server_did_not_count_have_no_known_price(serve: Serve, usage: object) -> None:
    wire = await serve(*[said("hi", usage=usage)] * 2)
    rates = Rates(input=Decimal(2), output=Decimal(10))
    counted = (await model(wire, price=rates).ask(request())).usage
    assert (counted.input_tokens, counted.output_tokens, counted.cost_usd) == (0, 0, None)
    assert (await model(wire, price=FREE).ask(request())).usage.cost_usd == 0


async def test_the_key_is_in_no_repr_no_error_and_no_event(serve: Serve) -> None:
    wire = await serve(
        refusal("401 Unauthorized", f"Incorrect API key provided: {KEY}"),
        answer(f"<html>Bearer {KEY}</html>", status="403 Forbidden", content_type="text/html"),
        answer(f"{KEY} is no JSON"),
        answer([KEY]),  # type: ignore[arg-type]  # no object, that is the point
        answer({"error": {"message": f"what is {KEY}?"}}),
        answer({"choices": [], "key": KEY}),
        refusal("400 Bad Request", f"{KEY}?"),
    )
    asked = model(wire, retries=0)
    assert KEY not in f"{asked!r}{asked.server!r}{vars(asked)!r}{Agent('a', model=asked)!r}"
    for _ in range(6):
        with pytest.raises(ModelError) as caught:
            await asked.ask(request())
        assert KEY not in f"{caught.value}{caught.value!r}{caught.value.args}"
        assert KEY not in "".join(traceback.format_exception(caught.value))
    run = Agent("a", model=asked).start("hello")
    events = [event async for event in run]
    assert KEY.encode() not in b"".join(map(encode, events))
    assert len(wire.asked) == 7


@pytest.mark.parametrize("base_url", [None, "", "localhost:8000/v1", "/v1", "ftp://localhost/v1"])
def test_a_base_url_that_is_none_is_refused_when_the_model_is_made(base_url: str | None) -> None:
    with pytest.raises(ConfigError, match=r"'m-1' has the base_url .* http://"):
        ChatModel("m-1", base_url=base_url)


async def test_a_slash_at_the_end_of_the_base_url_does_not_matter(serve: Serve) -> None:
    wire = await serve(said("hi"))
    await model(wire, base_url=wire.base_url + "/").ask(request())
    assert wire.asked[0].path == "/v1/chat/completions"


async def test_calls_one_after_the_other_use_one_connection(serve: Serve) -> None:
    wire = await serve(*[said("hi")] * 3)
    for _ in range(3):
        await model(wire).ask(request())
    assert wire.n_connections == 1


async def test_cancelling_a_call_closes_its_connection(serve: Serve) -> None:
    wire = await serve(HANG)
    task = asyncio.create_task(model(wire).ask(request()))
    await wire.was_asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await wire.hung_up.wait()


def in_a_plain_loop(work: Coroutine[object, object, str]) -> str:
    return asyncio.run(work)


@pytest.mark.parametrize("run", [in_a_plain_loop, run_in_new_loop], ids=["asyncio", "uvloop"])
def test_one_model_is_asked_in_two_event_loops_one_after_the_other(
    run: Callable[[Coroutine[object, object, str]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asked = ChatModel("m-1", base_url=Wire(listener=listener).base_url, mode="native")

        async def ask() -> str:
            async with Wire(said("hi"), said("there"), listener=listener.dup()):
                replies = [await asked.ask(request()) for _ in range(2)]
                return " ".join(reply.message.text for reply in replies)

        assert [run(ask()), run(ask())] == ["hi there", "hi there"]
    gc.collect()  # what was left open would be reported here
