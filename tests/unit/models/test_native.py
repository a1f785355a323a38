import json

import pytest
from pydantic import BaseModel, JsonValue, TypeAdapter

from mainspring.core import (
    Act,
    Answer,
    JsonObject,
    Label,
    Message,
    Options,
    ToolCall,
    ToolResult,
    ToolSpec,
    Unusable,
)
from mainspring.models.modes import MODES, WireCall, Written

NATIVE = MODES["native"]
LOOKUP = ToolSpec("lookup", "Look a city up.", {"type": "object", "properties": {"city": {"type": "string"}}})
TOOLS = Options(tools=(LOOKUP,))


class Weather(BaseModel):
    """What it is like."""

    degrees: int
    around: list["Weather"] = []


def written(text: str = "", *calls: WireCall, thought: str = "") -> Written:
    return Written(text, calls, "tool_calls" if calls else "stop", thought)


def test_tools_are_given_in_the_servers_own_form() -> None:
    assert NATIVE.preamble(TOOLS) == ""
    assert NATIVE.fields(TOOLS) == {
        "tools": [
            {
                "type": "function",
                "function": {"name": "lookup", "description": "Look a city up.", "parameters": LOOKUP.parameters},
            }
        ]
    }


def test_a_step_that_may_make_one_call_asks_for_no_parallel_ones() -> None:
    assert NATIVE.fields(Options(tools=(LOOKUP,), max_calls=1))["parallel_tool_calls"] is False
    assert "parallel_tool_calls" not in NATIVE.fields(Options(tools=(LOOKUP,), max_calls=2))


def test_a_model_that_must_answer_is_shown_its_tools_and_may_choose_none() -> None:
    fields = NATIVE.fields(Options(tools=(LOOKUP,), must_answer=True))
    assert fields["tools"] == NATIVE.fields(TOOLS)["tools"]
    assert fields["tool_choice"] == "none"
    assert NATIVE.fields(Options(must_answer=True)) == {}


@pytest.mark.parametrize(
    ("output", "is_boxed"),
    [(dict[str, int], False), (list[int], True), (int, True), (int | None, True), (Weather, True)],
    ids=str,
)
def test_an_answer_that_is_no_plain_object_is_asked_for_in_one(output: type, is_boxed: bool) -> None:
    answer = TypeAdapter(output).json_schema()
    fields = json.loads(json.dumps(NATIVE.fields(Options(answer=answer))))
    schema = fields["response_format"]["json_schema"]["schema"]
    assert schema["type"] == "object"
    assert (schema.get("required") == ["answer"]) is is_boxed
    assert schema.get("$defs") == answer.get("$defs")


@pytest.mark.parametrize("value", [3, None, [1, 2], {"degrees": 3, "around": []}])
def test_an_answer_in_a_box_is_taken_out_of_it(value: JsonValue) -> None:
    options = Options(answer=TypeAdapter(Weather | int | list[int] | None).json_schema())
    assert NATIVE.decide(written(json.dumps({"answer": value})), options, 0) == Answer(value=value)


def test_an_object_that_was_asked_for_may_have_a_field_called_answer() -> None:
    options = Options(answer={"type": "object", "properties": {"answer": {"type": "string"}}})
    assert NATIVE.decide(written('{"answer": "42"}'), options, 0) == Answer(value={"answer": "42"})


def test_the_servers_ids_are_kept_and_missing_ones_made_up() -> None:
    decision = NATIVE.decide(written("", WireCall("abc", "lookup", "{}"), WireCall("", "lookup", "")), TOOLS, 3)
    assert isinstance(decision, Act)
    assert [(call.id, call.arguments) for call in decision.calls] == [("abc", {}), ("call_3_1", {})]


def test_words_beside_calls_are_the_thought() -> None:
    decision = NATIVE.decide(written("I look it up.", WireCall("1", "lookup", "{}")), TOOLS, 0)
    assert decision.thought == "I look it up."


def test_reasoning_is_the_thought_of_calls_and_of_answers() -> None:
    calls = NATIVE.decide(written("Well.", WireCall("1", "lookup", "{}"), thought="hm"), TOOLS, 0)
    answer = NATIVE.decide(written("It rains.", thought="hm"), TOOLS, 0)
    assert calls.thought == answer.thought == "hm"
    assert isinstance(answer, Answer)
    assert answer.value == "It rains."


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"name": "lookup", "arguments": {"city": "Oslo"}}\n```',
        'I call it:\n```\n{"tool": "lookup", "arguments": {"city": "Oslo"}}\n```',
        '<tool_call>\n{"name": "lookup", "arguments": {"city": "Oslo"}}\n</tool_call>',
        '{"name": "lookup", "parameters": {"city": "Oslo"}}',
        '[{"name": "lookup", "arguments": {"city": "Oslo"}}]',
    ],
)
def test_a_call_spoken_in_prose_is_understood(text: str) -> None:
    assert NATIVE.decide(written(text), TOOLS, 2) == Act(
        calls=(ToolCall(id="call_2_0", name="lookup", arguments={"city": "Oslo"}),)
    )


def test_several_spoken_calls_get_ids_of_their_own() -> None:
    spoken = '```json\n{"name": "lookup", "arguments": {}}\n```\n' * 2
    decision = NATIVE.decide(written(spoken), TOOLS, 2)
    assert isinstance(decision, Act)
    assert [call.id for call in decision.calls] == ["call_2_0", "call_2_1"]


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ada", "arguments": {"city": "Oslo"}}',
        '{"name": "lookup", "arguments": "Oslo"}',
        '{"name": "lookup"}',
        '{"name": ["lookup"], "arguments": {}}',
        "A call looks like lookup(city) or {city}.",
    ],
)
def test_json_that_calls_no_tool_there_is_is_an_answer(text: str) -> None:
    assert NATIVE.decide(written(text), TOOLS, 0) == Answer(value=text)


def test_without_tools_nothing_is_taken_for_a_call() -> None:
    text = '{"name": "lookup", "arguments": {}}'
    assert NATIVE.decide(written(text), Options(), 0) == Answer(value=text)


@pytest.mark.parametrize("arguments", ['{"city": ', "[1]", '"Oslo"', "3", "{'city': 1}"])
def test_arguments_that_are_no_json_object_are_unusable_and_their_tool_is_named(arguments: str) -> None:
    decision = NATIVE.decide(written("", WireCall("1", "lookup", arguments)), TOOLS, 0)
    assert isinstance(decision, Unusable)
    assert "the arguments of lookup" in decision.reason


def test_a_typed_answer_is_found_in_the_words_around_it() -> None:
    options = Options(tools=(LOOKUP,), answer=TypeAdapter(dict[str, int]).json_schema())
    assert NATIVE.decide(written('Here:\n```json\n{"degrees": 3}\n```'), options, 0) == Answer(value={"degrees": 3})


def test_each_result_is_a_message_of_its_own_under_its_calls_id() -> None:
    results = (
        ToolResult(call_id="a", name="lookup", text="rain"),
        ToolResult(call_id="b", name="lookup", text="no such city", is_error=True),
    )
    assert NATIVE.wire(Message(role="tool", parts=results, label=Label())) == [
        {"role": "tool", "tool_call_id": "a", "content": "rain"},
        {"role": "tool", "tool_call_id": "b", "content": "no such city"},
    ]


def test_reasoning_is_not_sent_back_as_words_the_model_said() -> None:
    call = ToolCall(id="a", name="lookup", arguments={"city": "Oslo"})
    message = Message(role="assistant", parts=Act(thought="hm", calls=(call,)).parts, label=Label(), raw="")
    assert NATIVE.wire(message) == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "lookup", "arguments": '{"city":"Oslo"}'}}
            ],
        }
    ]


def test_an_answer_is_sent_back_box_and_all() -> None:
    message = Message(role="assistant", parts=Answer(value=3).parts, label=Label(), raw='{"answer": 3}')
    assert NATIVE.wire(message) == [{"role": "assistant", "content": '{"answer": 3}'}]


def test_who_spoke_is_told_where_it_is_known() -> None:
    message = Message(role="user", parts=Message.user("hi").parts, label=Label(), name="ada")
    wire: list[JsonObject] = [{"role": "user", "content": "hi", "name": "ada"}]
    assert NATIVE.wire(message) == wire
