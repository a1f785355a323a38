"""What every way of making a model act keeps true."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from mainspring.core import (
    Act,
    Answer,
    FinishReason,
    JsonObject,
    Label,
    Message,
    Options,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    Unusable,
)
from mainspring.models.modes import EMBEDDED, MODES, Mode, WireCall, Written

LOOKUP = ToolSpec(
    "lookup",
    "Look a city up.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
SUM = ToolSpec(
    "add-up",
    "Add numbers up.",
    {"type": "object", "properties": {"numbers": {"type": "array", "items": {"type": "integer"}}}},
)
TOOLS = Options(tools=(LOOKUP, SUM))
OSLO = ToolCall(id="call_7_0", name="lookup", arguments={"city": "Oslo {north}"})
ROME = ToolCall(id="call_7_1", name="lookup", arguments={"city": 'the "eternal" one'})
TOTAL = ToolCall(id="call_7_2", name="add-up", arguments={"numbers": [1, 2]})
OBJECT: JsonObject = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
}


def options(answer: JsonObject | None = None, *, must_answer: bool = False) -> Options:
    return Options(tools=(LOOKUP, SUM), answer=answer, must_answer=must_answer)


@dataclass(frozen=True)
class Way:
    """A mode, and how a model that keeps to it writes."""

    name: str
    mode: Mode
    acts: Callable[[Sequence[ToolCall]], Written]
    answers: Callable[[JsonValue, bool], Written]
    """Given the value and whether a typed answer was asked for."""
    garbage: tuple[Written, ...]
    max_calls: int = 3


def written(text: str, calls: tuple[WireCall, ...] = (), finish_reason: FinishReason = "stop") -> Written:
    return Written(text, calls, finish_reason)


def acts_structured(calls: Sequence[ToolCall]) -> Written:
    listed = [{"tool": call.name, "arguments": call.arguments} for call in calls]
    return written(json.dumps({"thought": "look it up", "calls": listed}))


def acts_natively(calls: Sequence[ToolCall]) -> Written:
    return written(
        "", tuple(WireCall(call.id, call.name, json.dumps(call.arguments)) for call in calls), "tool_calls"
    )


def acts_in_words(calls: Sequence[ToolCall]) -> Written:
    (call,) = calls
    return written(f"Thought: look it up\nAction: {call.name}\nAction Input: {json.dumps(call.arguments)}\n")


def answers_natively(value: JsonValue, typed: bool) -> Written:
    return written(value if isinstance(value, str) and not typed else json.dumps(value))


def answers_in_words(value: JsonValue, typed: bool) -> Written:
    words = value if isinstance(value, str) and not typed else json.dumps(value)
    return written(f"Thought: I know it.\nFinal Answer: {words}")


def answers_structured(value: JsonValue, typed: bool) -> Written:
    return written(json.dumps({"thought": "I know it.", "answer": value}))


STRUCTURED = Way(
    "structured",
    MODES["structured"],
    acts_structured,
    answers_structured,
    (
        written(""),
        written("It rains."),
        written("[1, 2]"),
        written("{}"),
        written('{"thought": "hm"}'),
        written('{"thought": "hm", "calls": []}'),
        written('{"thought": "hm", "calls": [{"tool": "lookup"}]}'),
        written('{"thought": "hm", "calls": [{"arguments": {}}]}'),
        written('{"thought": "hm", "calls": [{"tool": "lookup", "arguments": "Oslo"}]}'),
        written('{"thought": "hm", "calls": "lookup"}'),
    ),
)
NATIVE = Way(
    "native",
    MODES["native"],
    acts_natively,
    answers_natively,
    (
        written(""),
        written(" \n"),
        written("", (WireCall("1", "lookup", '{"city": '),), "tool_calls"),
        written("", (WireCall("1", "lookup", '["Oslo"]'),), "tool_calls"),
        written("", (WireCall("1", "lookup", '"Oslo"'),), "tool_calls"),
    ),
)
PLAIN = Way(
    "text",
    MODES["text"],
    acts_in_words,
    answers_in_words,
    (
        written(""),
        written("It rains."),
        written("Thought: hm"),
        written("Action: lookup"),
        written("Action Input: {}"),
        written("Thought: hm\nAction: lookup\nAction Input: Oslo"),
        written('Thought: hm\nAction: lookup\nAction Input: ["Oslo"]'),
        written("Action:\nAction Input: {}"),
    ),
    max_calls=1,
)
WAYS = [STRUCTURED, replace(STRUCTURED, name="embedded", mode=EMBEDDED["structured"]), NATIVE, PLAIN]

PIECES = (
    *("Thought:", "Action:", "Action Input:", "Final Answer:", "\nObservation:", "lookup", "\n", " "),
    *("{", "}", "[", "]", ":", ",", '"calls"', '"answer"', '"tool"', '"arguments"', "```", "<tool_call>"),
)

KEYS = ("thought", "calls", "tool", "name", "arguments", "parameters", "answer")
STEPS = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.just("lookup"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
).map(json.dumps)

every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


def called(decision: object) -> list[tuple[str, JsonObject]]:
    assert isinstance(decision, Act), decision
    return [(call.name, call.arguments) for call in decision.calls]


def as_text(wire: Sequence[JsonObject]) -> str:
    return "\n".join(str(message["content"]) for message in wire)


@every_way
@pytest.mark.parametrize(
    "call", [OSLO, TOTAL, replace(OSLO, name="nosuch", arguments={})], ids=lambda call: call.name
)
def test_a_call_is_understood_whether_there_is_such_a_tool_or_not(way: Way, call: ToolCall) -> None:
    decision = way.mode.decide(way.acts([call]), TOOLS, 7)
    assert called(decision) == [(call.name, call.arguments)]


@pytest.mark.parametrize("way", [way for way in WAYS if way.max_calls > 1], ids=lambda way: way.name)
def test_several_calls_in_one_step_are_understood_in_order(way: Way) -> None:
    decision = way.mode.decide(way.acts([OSLO, TOTAL, ROME]), TOOLS, 7)
    assert called(decision) == [(call.name, call.arguments) for call in (OSLO, TOTAL, ROME)]


@every_way
def test_no_two_calls_of_a_run_share_an_id(way: Way) -> None:
    serial = count()
    ids = []
    for turn in range(3):
        calls = [replace(OSLO, id=f"server_{next(serial)}") for _ in range(way.max_calls)]
        decision = way.mode.decide(way.acts(calls), TOOLS, turn)
        assert isinstance(decision, Act)
        ids += [call.id for call in decision.calls]
    assert "" not in ids
    assert len(set(ids)) == len(ids) == 3 * way.max_calls


@every_way
@pytest.mark.parametrize("value", ["It rains.", "Line one\nline two", '"quoted" {braces}', "3", "größer 🙂"])
def test_an_answer_in_words_is_given_as_it_was_written(way: Way, value: str) -> None:
    decision = way.mode.decide(way.answers(value, False), TOOLS, 7)
    assert isinstance(decision, Answer)
    assert decision.value == value


@every_way
def test_a_typed_answer_is_given_as_its_json_value(way: Way) -> None:
    value: JsonObject = {"city": "Oslo {north}", "degrees": -3}
    decision = way.mode.decide(way.answers(value, True), options(OBJECT), 7)
    assert isinstance(decision, Answer)
    assert decision.value == value


@every_way
def test_a_typed_list_is_given_as_a_list(way: Way) -> None:
    decision = way.mode.decide(
        way.answers([1, 2], True), options({"type": "array", "items": {"type": "integer"}}), 7
    )
    assert isinstance(decision, Answer)
    assert decision.value == [1, 2]


@every_way
def test_a_typed_answer_may_hold_words_that_look_like_a_call(way: Way) -> None:
    value: JsonObject = {"city": "Action: lookup\nAction Input: {}", "degrees": 1}
    decision = way.mode.decide(way.answers(value, True), options(OBJECT), 7)
    assert isinstance(decision, Answer)
    assert decision.value == value


@pytest.mark.parametrize(
    ("way", "garbage"),
    [(way, garbage) for way in WAYS for garbage in way.garbage],
    ids=lambda given: given.name if isinstance(given, Way) else given.text or "empty",
)
def test_garbage_is_unusable_for_a_reason_that_can_be_told(way: Way, garbage: Written) -> None:
    decision = way.mode.decide(garbage, TOOLS, 7)
    assert isinstance(decision, Unusable), decision
    assert decision.reason
    assert "\n" not in decision.reason


@every_way
def test_words_where_a_typed_answer_was_asked_for_are_unusable(way: Way) -> None:
    assert isinstance(way.mode.decide(written("It rains in Oslo."), options(OBJECT), 7), Unusable)


@every_way
def test_what_was_cut_off_is_unusable_however_complete_it_looks(way: Way) -> None:
    value: JsonObject = {"city": "Oslo", "degrees": 1}
    whole = [
        (way.acts([OSLO]), TOOLS),
        (way.answers("It rains.", False), TOOLS),
        (way.answers(value, True), options(OBJECT)),
    ]
    for said, asked in whole:
        decision = way.mode.decide(replace(said, finish_reason="length"), asked, 7)
        assert isinstance(decision, Unusable)
        assert "cut off" in decision.reason


@every_way
def test_a_model_that_must_answer_never_acts(way: Way) -> None:
    asked = options(must_answer=True)
    assert not isinstance(way.mode.decide(way.acts([OSLO]), asked, 7), Act)
    decision = way.mode.decide(way.answers("It rains.", False), asked, 7)
    assert isinstance(decision, Answer)
    assert decision.value == "It rains."


@every_way
def test_the_model_is_told_of_every_tool_and_what_it_takes(way: Way) -> None:
    told = way.mode.preamble(TOOLS) + json.dumps(dict(way.mode.fields(TOOLS)))
    for word in ("lookup", "city", "Look a city up.", "add-up", "numbers"):
        assert word in told


@every_way
def test_the_fields_of_a_request_are_json(way: Way) -> None:
    for asked in (
        TOOLS,
        options(OBJECT),
        options(must_answer=True),
        Options(),
        Options(answer={"type": "integer"}),
    ):
        fields = dict(way.mode.fields(asked))
        assert json.loads(json.dumps(fields)) == fields


@every_way
def test_the_words_of_user_and_operator_are_said_as_they_are(way: Way) -> None:
    assert way.mode.wire(Message.user("hi {there}")) == [{"role": "user", "content": "hi {there}"}]
    assert way.mode.wire(Message.system("be {brief}")) == [{"role": "system", "content": "be {brief}"}]


@every_way
def test_each_result_goes_back_in_a_form_that_tells_which_call_it_belongs_to(way: Way) -> None:
    results = (
        ToolResult(call_id="call_7_0", name="lookup", text="rain"),
        ToolResult(call_id="call_7_1", name="add-up", text="out of range", is_error=True),
    )
    wire = way.mode.wire(Message(role="tool", parts=results, label=Label()))
    told = json.dumps(wire)
    for result in results:
        assert result.text in told
        assert result.name in told or result.call_id in told
    assert told.index("rain") < told.index("out of range")


@every_way
def test_what_a_model_wrote_is_sent_back_to_it_unchanged(way: Way) -> None:
    for said in (way.acts([OSLO]), way.answers("It  rains.\n", False)):
        decision = way.mode.decide(said, TOOLS, 7)
        message = Message(role="assistant", parts=decision.parts, label=Label(), raw=said.text)
        (wire,) = way.mode.wire(message)
        assert wire["role"] == "assistant"
        assert (wire["content"] or "") == said.text


@every_way
def test_the_calls_a_model_made_go_back_with_their_names_and_arguments(way: Way) -> None:
    decision = way.mode.decide(way.acts([OSLO]), TOOLS, 7)
    for raw in (way.acts([OSLO]).text, None):
        wire = way.mode.wire(Message(role="assistant", parts=decision.parts, label=Label(), raw=raw))
        told = json.dumps(wire)
        assert "lookup" in told
        assert "Oslo {north}" in told


@every_way
def test_a_step_of_another_mode_is_said_in_the_form_this_one_asks_for(way: Way) -> None:
    parts = (Text(text="look it up"), OSLO)
    (wire,) = way.mode.wire(Message(role="assistant", parts=parts, label=Label()))
    tool_calls = wire.get("tool_calls") or []
    assert isinstance(tool_calls, list)
    calls = [json.loads(json.dumps(call)) for call in tool_calls]
    native = tuple(WireCall(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in calls)
    again = way.mode.decide(written(str(wire["content"] or ""), native), TOOLS, 7)
    assert called(again) == [(OSLO.name, OSLO.arguments)]
    assert again.thought == "look it up"


@every_way
def test_several_calls_of_another_mode_are_all_said(way: Way) -> None:
    told = json.dumps(way.mode.wire(Message(role="assistant", parts=(OSLO, TOTAL), label=Label())))
    assert "Oslo" in told
    assert "add-up" in told


@every_way
@given(
    text=st.text() | st.text('{}[]":,` \n') | st.lists(st.sampled_from(PIECES)).map("".join) | STEPS,
    finish_reason=st.sampled_from(["stop", "length", "tool_calls", "content_filter", "other"]),
    must_answer=st.booleans(),
    typed=st.booleans(),
)
def test_no_text_whatever_makes_deciding_fail(
    way: Way, text: str, finish_reason: FinishReason, must_answer: bool, typed: bool
) -> None:
    asked = options(OBJECT if typed else None, must_answer=must_answer)
    decision = way.mode.decide(written(text, finish_reason=finish_reason), asked, 0)
    assert isinstance(decision, Act | Answer | Unusable)
    assert not (must_answer and isinstance(decision, Act))
    assert finish_reason != "length" or not isinstance(decision, Answer)


@pytest.mark.timeout(20)  # work that grows with the square of the length would take minutes
@every_way
@pytest.mark.parametrize(
    "text",
    [
        "\n" * 100_000 + "x",
        "Thought:" + "\n" * 100_000 + "x",
        "Action: x\n" * 20_000,
        "Action: x" + "\n" * 100_000,
        "Thought: " * 20_000,
        "Final Answer\n" * 20_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_long_rambling_takes_work_in_proportion(way: Way, text: str) -> None:
    assert isinstance(way.mode.decide(written(text), options(OBJECT), 0), Unusable)
