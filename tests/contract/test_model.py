"""What everything that can be asked what to do next keeps true."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from mainspring import ChatModel, ScriptedModel, use
from mainspring.core import (
    Act,
    Answer,
    JsonObject,
    Label,
    Message,
    Model,
    Options,
    Request,
    Sampling,
    ToolCall,
    ToolResult,
    ToolSpec,
    Unusable,
    decode,
    encode,
)
from mainspring.core.errors import ModelError, ModelTimeout, ModelUnavailable
from mainspring.core.events import ModelReplied
from mainspring.models.modes import MODES, ModeName
from mainspring.models.pool import Pool, PoolSettings
from mainspring.models.pool.model import PooledModel
from mainspring.models.pool.opening import member
from tests.unit.models.wire import DONE, HANG, Serve, Step, answer, chunk, completion, refusal, stream

LOOKUP = ToolSpec("lookup", "Look up.", {"type": "object", "properties": {"city": {"type": "string"}}})
TOOLS = Options(tools=(LOOKUP,))
TYPED = Options(tools=(LOOKUP,), answer={"type": "object", "properties": {"degrees": {"type": "integer"}}})
UNTRUSTED = Label(confidentiality="secret", sources=("tool:web", "user"))

OSLO = use("lookup", city="Oslo {north}")
GARBAGE = object()
HANGS = object()
REFUSES = object()
Line = object
"""Words, a JSON object, a list of calls, or one of the three above."""


@dataclass(frozen=True)
class Kind:
    """An implementation, and how to make one that says given lines."""

    name: str
    make: Callable[[Serve, Sequence[Line], bool], Awaitable[Model]]
    """Given the servers there may be, what to say, and whether it is said piece by piece."""
    max_calls: int = 2


async def scripted(serve: Serve, lines: Sequence[Line], streams: bool) -> Model:
    def spoken(line: Line) -> object:
        if line is GARBAGE:
            return Unusable(reason="no", written="Sure!")
        if line is HANGS:
            return ModelTimeout("too slow")
        if line is REFUSES:
            return ModelUnavailable("busy")
        return Answer(value=line) if isinstance(line, dict) else line

    return ScriptedModel(spoken(line) for line in lines)  # type: ignore[misc]  # lines, all of them


def over_the_wire(mode: ModeName) -> Callable[[Serve, Sequence[Line], bool], Awaitable[Model]]:
    async def make(serve: Serve, lines: Sequence[Line], streams: bool) -> Model:
        wire = await serve(*(step(mode, line, streams=streams) for line in lines))
        return ChatModel(
            "m-1", base_url=wire.base_url, mode=mode, retries=0, deadline_s=0.1 if HANGS in lines else 60
        )

    return make


async def pooled(serve: Serve, lines: Sequence[Line], streams: bool) -> Model:
    wire = await serve(*(step("native", line, streams=streams) for line in lines))
    settings = PoolSettings(attempts=1, deadline_s=0.1 if HANGS in lines else 60)
    models = [ChatModel("m-1", base_url=wire.base_url, name=name, mode="native") for name in ("a", "b")]
    return PooledModel(Pool("fast", [member(model) for model in models], settings))


def step(mode: ModeName, line: Line, *, streams: bool) -> Step:
    if line is HANGS:
        return HANG
    if line is REFUSES:
        return refusal("503 Busy")
    calls: list[ToolCall] = line if isinstance(line, list) else []
    text, tool_calls = written(mode, line, calls)
    body = completion(text, **({"tool_calls": tool_calls} if tool_calls else {}))
    if not streams:
        return answer(body)
    pieces = [chunk({"content": piece}) for piece in (text[:3], text[3:]) if piece]
    return stream(*pieces, *([chunk({"tool_calls": tool_calls})] if tool_calls else []), chunk({}, "stop"), DONE)


def written(mode: ModeName, line: Line, calls: list[ToolCall]) -> tuple[str, list[JsonObject]]:
    """Write a line the way a model does in a mode: its words, and its native calls."""
    if line is GARBAGE:
        return ("", [native(OSLO, "{")]) if mode == "native" else ("Sure!", [])
    if mode == "native":
        words = line if isinstance(line, str) else "" if calls else json.dumps(line)
        return words, [native(call, json.dumps(call.arguments)) for call in calls]
    if mode == "structured":
        listed = [{"tool": call.name, "arguments": call.arguments} for call in calls]
        return json.dumps({"thought": "", "calls": listed} if calls else {"thought": "", "answer": line}), []
    if calls:
        return f"Action: {calls[0].name}\nAction Input: {json.dumps(calls[0].arguments)}", []
    return f"Final Answer: {line if isinstance(line, str) else json.dumps(line)}", []


def native(call: ToolCall, arguments: str) -> JsonObject:
    return {"id": "", "type": "function", "function": {"name": call.name, "arguments": arguments}}


KINDS = [
    Kind("scripted", scripted),
    *(Kind(mode, over_the_wire(mode), max_calls=1 if mode == "text" else 2) for mode in MODES),
    Kind("pooled", pooled),
]

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
listening = pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])


def request(*messages: Message, options: Options = TOOLS, turn: int = 0) -> Request:
    return Request(messages or (Message.user("hello"),), options, Sampling(), UNTRUSTED, turn)


def listener(streams: bool, heard: list[str] | None = None) -> Callable[[str], None] | None:
    return (heard if heard is not None else []).append if streams else None


@every_kind
@listening
async def test_words_are_an_answer(serve: Serve, kind: Kind, streams: bool) -> None:
    model = await kind.make(serve, ["It rains.\nA {lot}."], streams)
    reply = await model.ask(request(), listener(streams))
    assert isinstance(reply.decision, Answer)
    assert reply.decision.value == "It rains.\nA {lot}."


@every_kind
@listening
async def test_a_typed_answer_is_its_json_value(serve: Serve, kind: Kind, streams: bool) -> None:
    model = await kind.make(serve, [{"degrees": 3}], streams)
    reply = await model.ask(request(options=TYPED), listener(streams))
    assert isinstance(reply.decision, Answer)
    assert reply.decision.value == {"degrees": 3}


@every_kind
@listening
async def test_calls_act_and_have_ids_of_their_own(serve: Serve, kind: Kind, streams: bool) -> None:
    calls = [OSLO, use("lookup", city="Rome")][: kind.max_calls]
    model = await kind.make(serve, [calls, calls], streams)
    decisions = [(await model.ask(request(turn=turn), listener(streams))).decision for turn in range(2)]
    ids = []
    for decision in decisions:
        assert isinstance(decision, Act)
        assert [(call.name, call.arguments) for call in decision.calls] == [
            (call.name, call.arguments) for call in calls
        ]
        ids += [call.id for call in decision.calls]
    assert "" not in ids
    assert len(set(ids)) == 2 * len(calls)


@every_kind
@listening
async def test_what_can_be_neither_is_unusable_for_a_reason(serve: Serve, kind: Kind, streams: bool) -> None:
    model = await kind.make(serve, [GARBAGE], streams)
    reply = await model.ask(request(), listener(streams))
    assert isinstance(reply.decision, Unusable)
    assert reply.decision.reason
    assert reply.decision.written
    assert reply.decision.written in reply.message.text


@every_kind
async def test_the_message_says_what_was_decided_and_is_no_better_than_what_was_asked(
    serve: Serve, kind: Kind
) -> None:
    model = await kind.make(serve, [[OSLO], "It rains."], False)
    acts, answers = await model.ask(request()), await model.ask(request(turn=1))
    assert isinstance(acts.decision, Act)
    assert acts.message.calls == acts.decision.calls
    assert answers.message.calls == ()
    assert answers.message.text == "It rains."
    for reply in (acts, answers):
        assert reply.message.role == "assistant"
        assert reply.message.label == UNTRUSTED


@every_kind
@listening
async def test_a_conversation_goes_on_with_the_reply_and_what_came_of_it(
    serve: Serve, kind: Kind, streams: bool
) -> None:
    model = await kind.make(serve, [[OSLO], GARBAGE, "It rains."], streams)
    messages = [Message.system("Be brief."), Message.user("hello")]
    first = await model.ask(request(*messages), listener(streams))
    (call,) = first.message.calls
    result = ToolResult(call_id=call.id, name=call.name, text="rain")
    messages += [first.message, Message(role="tool", parts=(result,), label=Label())]
    second = await model.ask(request(*messages, turn=1), listener(streams))
    messages += [second.message, Message.user("again")]
    third = await model.ask(request(*messages, turn=2), listener(streams))
    assert third.message.text == "It rains."


@every_kind
@listening
async def test_a_call_counts_as_one_and_its_tokens_are_not_negative(
    serve: Serve, kind: Kind, streams: bool
) -> None:
    model = await kind.make(serve, ["It rains."], streams)
    usage = (await model.ask(request(), listener(streams))).usage
    assert (usage.model_calls, usage.tool_calls) == (1, 0)
    assert min(usage.input_tokens, usage.output_tokens, usage.cached_tokens) >= 0


@every_kind
async def test_who_listens_hears_every_piece_and_is_told_the_same_in_the_end(serve: Serve, kind: Kind) -> None:
    heard: list[str] = []
    whole = await (await kind.make(serve, ["It rains."], False)).ask(request())
    streamed = await (await kind.make(serve, ["It rains."], True)).ask(request(), heard.append)
    assert streamed.decision == whole.decision
    assert streamed.message == whole.message
    assert len(heard) >= 2
    assert "".join(heard) == (streamed.message.raw or streamed.message.text)


@every_kind
@listening
@pytest.mark.parametrize("line", [REFUSES, HANGS], ids=["refuses", "hangs"])
async def test_what_goes_wrong_is_a_model_error(serve: Serve, kind: Kind, streams: bool, line: Line) -> None:
    model = await kind.make(serve, [line], streams)
    with pytest.raises(ModelError):
        await model.ask(request(), listener(streams))


@every_kind
async def test_a_model_can_be_asked_again_after_an_error(serve: Serve, kind: Kind) -> None:
    model = await kind.make(serve, [REFUSES, "It rains."], False)
    with pytest.raises(ModelError):
        await model.ask(request())
    assert (await model.ask(request())).message.text == "It rains."


@every_kind
async def test_asking_changes_nothing_about_what_was_asked(serve: Serve, kind: Kind) -> None:
    messages = [Message.system("Be brief."), Message.user("hello")]
    asked = Request(messages, TOOLS, Sampling(), UNTRUSTED)
    digests = [message.digest for message in messages]
    await (await kind.make(serve, ["It rains."], False)).ask(asked)
    assert messages == [Message.system("Be brief."), Message.user("hello")]
    assert [message.digest for message in messages] == digests


@every_kind
async def test_several_may_ask_at_once(serve: Serve, kind: Kind) -> None:
    words = [f"It is {n}." for n in range(10)]
    model = await kind.make(serve, words, False)
    replies = await asyncio.gather(*(model.ask(request(turn=turn)) for turn in range(10)))
    assert sorted(reply.message.text for reply in replies) == words


@every_kind
@pytest.mark.parametrize(
    "line", ["It rains.", {"degrees": 3}, [OSLO], GARBAGE], ids=["words", "typed", "calls", "garbage"]
)
async def test_a_reply_can_be_recorded_and_read_again(serve: Serve, kind: Kind, line: Line) -> None:
    model = await kind.make(serve, [line], False)
    reply = await model.ask(request(options=TYPED if isinstance(line, dict) else TOOLS))
    event = ModelReplied(
        turn=0,
        model=reply.model,
        label=reply.message.label,
        raw=reply.message.raw,
        decision=reply.decision,
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        duration_s=0.0,
    )
    assert decode(json.loads(encode(event))) == event


@every_kind
async def test_a_model_has_a_name_that_stays(serve: Serve, kind: Kind) -> None:
    model = await kind.make(serve, ["It rains."], False)
    name = model.name
    await model.ask(request())
    assert model.name == name != ""
