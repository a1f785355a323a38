import json
from decimal import Decimal
from typing import get_args

import pytest
from pydantic import JsonValue

from mainspring.core import (
    OPERATOR,
    Act,
    Answer,
    Budget,
    Decision,
    Delta,
    Event,
    JsonObject,
    Label,
    Message,
    Sampling,
    Summary,
    Text,
    ToolCall,
    ToolResult,
    Unusable,
    Usage,
    decode,
    encode,
)
from mainspring.core.errors import EventVersionError
from mainspring.core.events import (
    UPCASTERS,
    Attempted,
    BudgetExceeded,
    BudgetRaised,
    CancelAsked,
    Cancelled,
    ChildCalled,
    ChildEnded,
    Compacted,
    Corrected,
    DoubtFound,
    EffectFailed,
    Escalated,
    Failed,
    Finished,
    HumanAnswered,
    HumanAsked,
    ModelCalled,
    ModelReplied,
    Resumed,
    RunStarted,
    Submitted,
    TimerRang,
    TimerSet,
    ToolCalled,
    ToolReturned,
    decode_json,
)

CALL = ToolCall(id="call_0_0", name="lookup", arguments={"city": "Zürich", "n": [1, 2.5, None, {"deep": True}]})
USAGE = Usage(input_tokens=10, output_tokens=3, cached_tokens=2, model_calls=1, cost_usd=Decimal("0.000120"))
SECRET = Label(integrity="untrusted", confidentiality="secret", sources=("tool:lookup", "user"))


def replied(decision: Decision) -> ModelReplied:
    return ModelReplied(
        turn=3,
        model="m-2025",
        decision=decision,
        label=SECRET,
        raw='{"a": 1} ',
        finish_reason="stop",
        usage=USAGE,
        duration_s=0.1,
        first_token_s=0.05,
    )


EXAMPLES: list[Event] = [
    RunStarted(
        agent="helper",
        agent_digest="ab" * 32,
        model="openai:m",
        messages=(Message.system("Be brief.\n{braces}"), Message.user("hello 🙂")),
        answer_schema={"type": "object", "properties": {"n": {"type": "integer"}}},
    ),
    RunStarted(agent="helper", agent_digest="", model="m", messages=(Message.user("hello"),)),
    ModelCalled(
        turn=0,
        model="m",
        n_messages=2,
        request_digest="1",
        prompt_digest="2",
        must_answer=True,
        sampling=Sampling(temperature=0.2, seed=1, stop=("\n", "END")),
    ),
    ModelCalled(turn=0, model="m", n_messages=2, request_digest="1", prompt_digest="2", sampling=Sampling()),
    replied(Act(thought="look it up", calls=(CALL,))),
    replied(Answer(value="words")),
    replied(Answer(value={"n": 3, "x": [1.5, None, False]})),
    replied(Answer(value=None)),
    replied(Unusable(reason="no JSON", written="well...")),
    ToolCalled(turn=0, call=CALL),
    ToolReturned(
        turn=0,
        result=ToolResult(call_id="call_0_0", name="lookup", text="a\tb", is_error=True, whole="cd" * 32),
        trusted=True,
        usage=Usage(tool_calls=1, cost_usd=None),
        duration_s=1e-9,
    ),
    EffectFailed(key="model:0", error="ModelTimeout", message="too slow"),
    Corrected(turn=1, reason="wrong_answer", message=Message.user("again", label=SECRET)),
    Corrected(turn=1, reason="judge", problem="too short", message=Message.user("again", label=SECRET)),
    Escalated(
        turn=1,
        from_model="small",
        to_model="large",
        reason="judge",
        problem="too short",
        from_usd=Decimal("0.000120"),
        to_usd=None,
    ),
    Compacted(
        turn=4,
        reason="full",
        n_replaced=17,
        n_shortened=0,
        tokens_before=6200,
        tokens_after=1900,
        size_bytes=7400,
        by="clerk-summarizer",
        problem="gone",
        message=Message(role="user", parts=(Summary(text="17 messages", stays=(0, 3), kept=6),), label=SECRET),
    ),
    Compacted(
        turn=5,
        reason="refused",
        n_replaced=0,
        n_shortened=2,
        tokens_before=6200,
        tokens_after=1900,
        size_bytes=7400,
        by=None,
    ),
    Finished(output={"n": 3}, n_steps=2, usage=USAGE),
    Failed(error="Stuck", message="round in circles", usage=USAGE),
    Cancelled(usage=Usage(cost_usd=None)),
    HumanAsked(key="approval:0:call_0_0", kind="approval", question="May it?", call=CALL, within_s=60.0),
    HumanAsked(key="wait:1:call_1_0", kind="question", question="Which one?"),
    HumanAnswered(key="approval:0:call_0_0", digest="ab" * 32, verdict="edit", arguments={"n": 1}, by="ada"),
    HumanAnswered(key="wait:1:call_1_0", digest="cd" * 32, verdict="answer", value=["oak", 2], by="ada"),
    TimerSet(key="wait:2:call_2_0", seconds=1.5),
    TimerRang(key="wait:2:call_2_0"),
    ChildCalled(
        key="wait:3:call_3_0",
        agent="clerk",
        input="two chairs",
        messages=(Message.user("two chairs"),),
        answer_schema={"type": "integer"},
        budget=Budget(usd=Decimal("0.1")),
    ),
    ChildEnded(key="wait:3:call_3_0", run="run_1.wait:3", output={"n": 2}, usage=USAGE),
    ChildEnded(key="wait:3:call_3_0", run="run_1.wait:3", error="Stuck: in circles"),
    Submitted(
        definition="ab" * 32,
        budget=Budget(usd=Decimal("0.5"), wall_s=60),
        budgets=("run:1", "team"),
        parent="run_0",
    ),
    Attempted(driver="host/1", code="0.1.0", changed=("instructions", "tool refund")),
    DoubtFound(key="tool:0:call_0_0", policy="ask"),
    BudgetExceeded(
        key="model:0", model="m", budget="run:1", field="usd", needed="0.6", left="0.5", action="degrade"
    ),
    BudgetRaised(id="run:1", budget=Budget(model_calls=0, when_spent="ask"), by="ada"),
    Resumed(by="ada"),
    CancelAsked(by="ada"),
]


def as_object(event: Event, *, without: str = "") -> JsonObject:
    fields: JsonObject = json.loads(encode(event))
    fields.pop(without, None)
    return fields


UNPINNED: JsonObject = {
    "role": "user",
    "parts": [{"type": "text", "text": "again"}],
    "label": {"integrity": "trusted", "confidentiality": "internal", "sources": ["operator"]},
    "name": None,
    "raw": None,
}
"""A message as it was written before one could be pinned."""

OLDER: list[tuple[JsonObject, Event]] = [
    (
        {
            "type": "model_replied",
            "version": 1,
            "turn": 3,
            "model": "m-2025",
            "message": {
                "role": "assistant",
                "parts": [{"type": "text", "text": "words"}],
                "label": {
                    "integrity": "untrusted",
                    "confidentiality": "secret",
                    "sources": ["tool:lookup", "user"],
                },
                "name": None,
                "raw": '{"a": 1} ',
            },
            "decision": {"thought": "", "type": "answer", "value": "words"},
            "finish_reason": "stop",
            "usage": {
                "input_tokens": 10,
                "output_tokens": 3,
                "cached_tokens": 2,
                "model_calls": 1,
                "tool_calls": 0,
                "cost_usd": "0.000120",
            },
            "duration_s": 0.1,
            "first_token_s": 0.05,
        },
        replied(Answer(value="words")),
    ),
    (
        {"type": "child_called", "version": 1, "key": "child:0", "agent": "clerk", "input": "two chairs"},
        ChildCalled(key="child:0", agent="clerk", input="two chairs"),
    ),
    (
        as_object(replied(Answer(value="words")), without="member") | {"version": 2},
        replied(Answer(value="words")),
    ),
    (
        {
            "type": "corrected",
            "version": 1,
            "turn": 1,
            "reason": "unusable",
            "message": {
                "role": "user",
                "parts": [{"type": "text", "text": "again"}],
                "label": {"integrity": "trusted", "confidentiality": "internal", "sources": ["operator"]},
                "name": None,
                "raw": None,
            },
        },
        Corrected(turn=1, reason="unusable", message=Message.user("again", label=OPERATOR)),
    ),
    (
        {
            "type": "corrected",
            "version": 2,
            "turn": 1,
            "reason": "unusable",
            "problem": "no JSON",
            "message": {
                "role": "user",
                "parts": [{"type": "text", "text": "again"}],
                "label": {"integrity": "trusted", "confidentiality": "internal", "sources": ["operator"]},
                "name": None,
                "raw": None,
            },
        },
        Corrected(turn=1, reason="unusable", problem="no JSON", message=Message.user("again", label=OPERATOR)),
    ),
    (
        {
            "type": "corrected",
            "version": 3,
            "turn": 1,
            "reason": "judge",
            "problem": "too short",
            "message": UNPINNED,
        },
        Corrected(turn=1, reason="judge", problem="too short", message=Message.user("again", label=OPERATOR)),
    ),
    (
        {
            "type": "run_started",
            "version": 1,
            "agent": "clerk",
            "agent_digest": "ab",
            "model": "m",
            "messages": [UNPINNED],
            "answer_schema": None,
        },
        RunStarted(agent="clerk", agent_digest="ab", model="m", messages=(Message.user("again", label=OPERATOR),)),
    ),
    (
        {
            "type": "child_called",
            "version": 2,
            "key": "child:0",
            "agent": "clerk",
            "input": "again",
            "messages": [UNPINNED],
            "answer_schema": None,
            "budget": None,
        },
        ChildCalled(key="child:0", agent="clerk", input="again", messages=(Message.user("again", label=OPERATOR),)),
    ),
]
"""Events as older versions wrote them, and what they mean."""


def test_the_examples_hold_every_type_of_event() -> None:
    assert {type(example) for example in EXAMPLES} == set(get_args(get_args(Event)[0]))


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: str(event.type))
def test_an_event_survives_being_written_and_read_bit_for_bit(event: Event) -> None:
    read = decode(as_object(event))
    assert read == event
    assert encode(read) == encode(event)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: str(event.type))
def test_an_event_is_read_from_its_text_as_from_its_object(event: Event) -> None:
    assert decode_json(encode(event)) == event


@pytest.mark.parametrize(
    ("older", "event"), OLDER, ids=lambda given: given["type"] if isinstance(given, dict) else ""
)
def test_an_event_that_an_older_version_wrote_is_brought_up_to_date(older: JsonObject, event: Event) -> None:
    assert decode(older) == event
    assert decode_json(json.dumps(older)) == event


def test_every_upcaster_has_its_example() -> None:
    assert set(UPCASTERS) == {(str(older["type"]), older["version"]) for older, _ in OLDER}


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"type": "finished", "version": 9}'])
def test_what_is_no_event_is_refused(text: bytes) -> None:
    with pytest.raises(EventVersionError):
        decode_json(text)


def test_what_is_asked_of_a_human_has_a_digest_of_its_own() -> None:
    asked = HumanAsked(key="approval:0:a", kind="approval", question="May it?", call=CALL)
    other = HumanAsked(key="approval:1:a", kind="approval", question="May it?", call=CALL)
    assert asked.digest == HumanAsked(key="approval:0:a", kind="approval", question="May it?", call=CALL).digest
    assert asked.digest != other.digest


def test_a_digest_that_was_asked_for_is_not_written_into_an_event() -> None:
    message = Message.user("hello")
    fresh = encode(Corrected(turn=0, reason="unusable", message=message))
    assert message.digest
    event = Corrected(turn=0, reason="unusable", message=message)
    assert encode(event) == fresh
    assert decode(as_object(event)) == event


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: str(event.type))
def test_an_event_of_a_newer_version_is_refused(event: Event) -> None:
    with pytest.raises(EventVersionError, match=rf"'{event.type}' version {event.VERSION + 1} .* a newer one"):
        decode(as_object(event) | {"version": event.VERSION + 1})


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: str(event.type))
def test_an_event_with_a_field_that_is_not_known_is_refused(event: Event) -> None:
    with pytest.raises(EventVersionError, match=r"(?s)damaged.*surprise"):
        decode(as_object(event) | {"surprise": 1})


def test_a_field_that_is_not_known_deep_inside_an_event_is_refused() -> None:
    fields = as_object(Corrected(turn=0, reason="unusable", message=Message.user("hello")))
    assert isinstance(fields["message"], dict)
    fields["message"]["surprise"] = 1
    with pytest.raises(EventVersionError, match="surprise"):
        decode(fields)


@pytest.mark.parametrize("version", [0, -1, "1", 1.5, None, [1]], ids=str)
def test_an_event_whose_version_is_no_version_is_refused(version: JsonValue) -> None:
    with pytest.raises(EventVersionError, match="finished"):
        decode(as_object(Finished(output="x", n_steps=1, usage=USAGE)) | {"version": version})


@pytest.mark.parametrize("name", ["model_dreamed", "delta", "", None, 7, ["finished"], {"a": 1}])
def test_an_event_of_an_unknown_type_is_refused(name: JsonValue) -> None:
    with pytest.raises(EventVersionError, match="is not known here"):
        decode({"type": name, "version": 1})


def test_an_object_without_a_type_is_refused() -> None:
    with pytest.raises(EventVersionError):
        decode({})


@pytest.mark.parametrize(
    ("field", "value"),
    [("n_steps", "many"), ("usage", None), ("usage", {"input_tokens": -1}), ("n_steps", None)],
)
def test_an_event_with_a_damaged_field_is_refused_and_the_field_named(field: str, value: JsonValue) -> None:
    with pytest.raises(EventVersionError, match=rf"(?s)'finished' version 1 is damaged.*{field}"):
        decode(as_object(Finished(output="x", n_steps=1, usage=USAGE)) | {field: value})


def test_an_event_that_lacks_a_field_is_refused() -> None:
    fields = as_object(ToolCalled(turn=0, call=CALL))
    del fields["call"]
    with pytest.raises(EventVersionError, match=r"(?s)damaged.*call"):
        decode(fields)


def test_a_decision_keeps_its_type_when_read() -> None:
    for decision in (Act(calls=(CALL,)), Answer(value="x"), Unusable(reason="no")):
        read = decode(as_object(replied(decision)))
        assert isinstance(read, ModelReplied)
        assert type(read.decision) is type(decision)


def test_intents_name_their_effect_by_turn_and_call() -> None:
    assert ToolCalled(turn=4, call=CALL).key == "tool:4:call_0_0"
    called = ModelCalled(turn=4, model="m", n_messages=1, request_digest="", prompt_digest="", sampling=Sampling())
    assert called.key == "model:4"


def test_a_delta_can_be_streamed_but_is_no_event_of_a_run() -> None:
    written = json.loads(encode(Delta(text="hel")))
    assert written == {"type": "delta", "text": "hel"}
    with pytest.raises(EventVersionError):
        decode(written)


def test_a_thought_is_said_before_the_calls_and_an_empty_one_is_not_said() -> None:
    assert Act(thought="hm", calls=(CALL,)).parts == (Text(text="hm"), CALL)
    assert Act(calls=(CALL,)).parts == (CALL,)
    assert Answer(value={"n": 1}).parts == (Text(text='{"n":1}'),)
