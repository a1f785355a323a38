import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, JsonValue, TypeAdapter

from mainspring import tool
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
from mainspring.models.modes import EMBEDDED, MODES, Written
from mainspring.models.modes.structured import schema
from mainspring.tools import AnyTool, as_tool

STRUCTURED = MODES["structured"]
NOW = ToolSpec("now", "Tell the time.", {"type": "object", "properties": {}, "additionalProperties": False})
TYPES = {"object", "array", "string", "integer", "number", "boolean", "null"}


def written(step: JsonValue) -> Written:
    return Written(json.dumps(step), (), "stop")


def resolved(ref: str, root: Any) -> Any:
    """Follow a reference within a schema."""
    found = root
    for name in ref.removeprefix("#/").split("/"):
        found = found[name]
    return found


def check(schema: Any, root: Any) -> None:
    """Check that all of a schema is well formed, and that every reference in it leads somewhere."""
    refs = [*schema.get("discriminator", {}).get("mapping", {}).values()]
    if "$ref" in schema:
        refs.append(schema["$ref"])
    for ref in refs:
        assert isinstance(resolved(ref, root), dict)
    assert schema.get("type", "object") in TYPES
    properties, choices = schema.get("properties", {}), schema.get("anyOf", schema.get("oneOf"))
    assert set(schema.get("required", ())) <= set(properties)
    assert choices is None or choices
    inner = [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for part in (*properties.values(), *schema.get("$defs", {}).values(), *(choices or ()), *inner):
        check(part, root)


def lookup_tool() -> AnyTool:
    class Item(BaseModel):
        city: str

    @tool
    def lookup(item: Item, others: list[Item]) -> str:
        """Look up."""
        return f"{item}{others}"

    return as_tool(lookup)


def order_tool(name: str) -> AnyTool:
    class Item(BaseModel):
        sku: int
        next: "Item | None" = None

    @tool(name=name)
    def order(item: Item) -> str:
        """Order."""
        return str(item)

    return as_tool(order)


class Item(BaseModel):
    """An answer's item, of the same name as those of the tools."""

    total: float


class Node(BaseModel):
    """Something that holds more of its kind."""

    value: int
    children: list["Node"] = []


class Cat(BaseModel):
    """A cat."""

    kind: Literal["cat"]


class Dog(BaseModel):
    """A dog."""

    kind: Literal["dog"]


def step_schema(*tools: ToolSpec, answer: JsonObject | None = None) -> Any:
    return schema(Options(tools=tools, answer=answer))


def test_a_step_is_a_thought_and_then_either_calls_or_an_answer() -> None:
    acts, answers = step_schema(NOW)["anyOf"]
    assert list(acts["properties"]) == acts["required"] == ["thought", "calls"]
    assert list(answers["properties"]) == answers["required"] == ["thought", "answer"]


@pytest.mark.parametrize(("max_calls", "n"), [(None, 8), (1, 1), (99, 8)])
def test_a_step_makes_as_many_calls_as_it_may(max_calls: int | None, n: int) -> None:
    step: Any = schema(Options(tools=(NOW,), max_calls=max_calls))
    assert step["anyOf"][0]["properties"]["calls"]["maxItems"] == n


@pytest.mark.parametrize("tools", [(), (NOW,)])
def test_without_tools_or_when_it_must_answer_a_model_can_only_answer(tools: tuple[ToolSpec, ...]) -> None:
    step = schema(Options(tools=tools, must_answer=True))
    assert "calls" not in json.dumps(step)
    assert step == schema(Options())


def test_models_of_one_name_in_two_tools_and_the_answer_do_not_clash() -> None:
    tools = (lookup_tool().spec, order_tool("order").spec, order_tool("answer").spec)
    step = step_schema(*tools, answer=TypeAdapter(list[Item]).json_schema())
    check(step, step)
    fields = [list(definition["properties"]) for definition in step["$defs"].values()]
    assert sorted(fields) == [["city"], ["sku", "next"], ["sku", "next"], ["total"]]


def test_each_call_refers_to_the_models_of_its_own_tool() -> None:
    step = step_schema(lookup_tool().spec, order_tool("order").spec)
    found = {}
    for call in step["anyOf"][0]["properties"]["calls"]["items"]["anyOf"]:
        item = call["properties"]["arguments"]["properties"]["item"]
        found[call["properties"]["tool"]["const"]] = list(resolved(item["$ref"], step)["properties"])
    assert found == {"lookup": ["city"], "order": ["sku", "next"]}


@pytest.mark.parametrize(
    "answer",
    [
        TypeAdapter(Node).json_schema(),
        TypeAdapter(dict[str, Item]).json_schema(),
        TypeAdapter(Annotated[Cat | Dog, Field(discriminator="kind")]).json_schema(),
        TypeAdapter(int | None).json_schema(),
        {},
    ],
    ids=["recursive", "mapping", "discriminated", "optional", "anything"],
)
def test_any_answers_schema_is_well_formed_within_that_of_a_step(answer: JsonObject) -> None:
    step = step_schema(NOW, lookup_tool().spec, answer=answer)
    check(step, step)


def test_the_schema_a_tool_gave_is_left_as_it_was() -> None:
    spec = order_tool("order").spec
    before = json.dumps(spec.parameters)
    schema(Options(tools=(spec,)))
    assert json.dumps(spec.parameters) == before


def test_an_argument_may_be_called_description_or_default() -> None:
    @tool
    def note(description: str, default: int = 3) -> str:
        """Note.

        Args:
            description: What to note.
            default: What else.
        """
        return f"{description}{default}"

    step = json.dumps(schema(Options(tools=(note.spec,))))
    assert '"properties": {"description": {"type": "string"}, "default": {"type": "integer"}}' in step
    assert "What" not in step


def test_every_argument_has_to_be_written_even_one_with_a_default() -> None:
    @tool
    def note(words: str, loud: bool = False) -> str:
        """Note."""
        return f"{words}{loud}"

    assert '"required": ["words", "loud"]' in json.dumps(schema(Options(tools=(note.spec,))))


def test_a_server_is_told_of_the_schema_by_response_format_and_the_embedded_one_by_a_grammar() -> None:
    options = Options(tools=(NOW,))
    fields = STRUCTURED.fields(options)
    assert fields == {
        "response_format": {"type": "json_schema", "json_schema": {"name": "step", "schema": schema(options)}}
    }
    embedded = EMBEDDED["structured"].fields(options)
    assert list(embedded) == ["grammar"]
    grammar = json.loads(str(embedded["grammar"]).partition("%json ")[2])
    assert grammar.pop("x-guidance")
    assert grammar == schema(options)


def test_the_preamble_shows_the_two_forms_and_the_tools() -> None:
    shown = STRUCTURED.preamble(Options(tools=(NOW,)))
    assert "- now(): Tell the time." in shown
    assert '"calls"' in shown
    assert '"answer"' in shown
    assert '"calls"' not in STRUCTURED.preamble(Options())


def test_the_preamble_is_the_same_when_the_model_must_answer_so_that_its_prefix_is_kept() -> None:
    assert STRUCTURED.preamble(Options((NOW,))) == STRUCTURED.preamble(Options((NOW,), must_answer=True))


def test_the_thought_is_kept_apart_from_calls_and_answer() -> None:
    steps: list[JsonObject] = [{"calls": [{"tool": "now", "arguments": {}}]}, {"answer": "noon"}]
    for step in steps:
        decision = STRUCTURED.decide(written({**step, "thought": "what time?"}), Options((NOW,)), 0)
        assert decision.thought == "what time?"


@pytest.mark.parametrize("thought", [{"thought": None}, {}, {"thought": ""}])
def test_a_thought_that_is_missing_is_empty(thought: JsonObject) -> None:
    assert STRUCTURED.decide(written(thought | {"answer": "noon"}), Options((NOW,)), 0).thought == ""


@pytest.mark.parametrize(
    "step",
    [
        {"calls": [{"tool": "now", "arguments": {}}]},
        {"calls": {"tool": "now", "arguments": {}}},
        {"tool": "now", "arguments": {}},
        {"thought": "", "calls": [{"tool": "now", "arguments": {}}], "answer": ""},
        {"calls": [{"tool": "now"}, {"tool": "now", "arguments": {}}]},
    ],
)
def test_a_server_that_does_not_hold_the_schema_is_understood_where_its_words_are_clear(step: JsonObject) -> None:
    decision = STRUCTURED.decide(written(step), Options((NOW,)), 0)
    assert isinstance(decision, Act)
    assert [call.name for call in decision.calls] == ["now"]


def test_a_model_that_must_answer_and_writes_calls_beside_its_answer_has_answered() -> None:
    step: JsonObject = {"calls": [{"tool": "now", "arguments": {}}], "answer": "noon"}
    decision = STRUCTURED.decide(written(step), Options((NOW,), must_answer=True), 0)
    assert decision == Answer(value="noon")
    acts = STRUCTURED.decide(written({"calls": step["calls"]}), Options((NOW,), must_answer=True), 0)
    assert isinstance(acts, Unusable)
    assert "answer" in acts.reason


@pytest.mark.parametrize("value", [3, ["a"], {"a": 1}, None])
def test_an_answer_in_words_that_is_written_as_json_is_given_as_text(value: JsonValue) -> None:
    decision = STRUCTURED.decide(written({"answer": value}), Options(), 0)
    assert isinstance(decision, Answer)
    assert isinstance(decision.value, str)
    assert json.loads(decision.value) == value


def test_unusable_words_are_sent_back_as_they_were_not_as_an_answer() -> None:
    message = Message(
        role="assistant", parts=Unusable(reason="no", written="Sure!").parts, label=Label(), raw="Sure!"
    )
    assert STRUCTURED.wire(message) == [{"role": "assistant", "content": "Sure!"}]


def test_an_empty_reply_is_sent_back_as_an_empty_reply() -> None:
    message = Message(role="assistant", parts=Unusable(reason="no").parts, label=Label(), raw="")
    assert STRUCTURED.wire(message) == [{"role": "assistant", "content": ""}]


def test_errors_of_tools_are_told_apart_from_results() -> None:
    results = (
        ToolResult(call_id="1", name="now", text="noon"),
        ToolResult(call_id="2", name="now", text="no clock", is_error=True),
    )
    (wire,) = STRUCTURED.wire(Message(role="tool", parts=results, label=Label()))
    assert wire["role"] == "user"
    assert str(wire["content"]).startswith("Result of now: noon\nError from now: no clock")


def test_calls_get_ids_by_turn_and_place() -> None:
    calls: JsonObject = {"calls": [{"tool": "now", "arguments": {}}, {"tool": "now", "arguments": {}}]}
    assert STRUCTURED.decide(written(calls), Options((NOW,)), 4) == Act(
        calls=(ToolCall(id="call_4_0", name="now", arguments={}), ToolCall(id="call_4_1", name="now", arguments={}))
    )


def test_an_answer_in_words_that_says_nothing_is_unusable() -> None:
    written = Written('{"thought": "done", "answer": " "}', (), "stop")
    assert STRUCTURED.decide(written, Options(), 0) == Unusable(thought="done", reason="its answer was empty")
    typed = Options(answer={"type": "string"})
    assert STRUCTURED.decide(written, typed, 0) == Answer(thought="done", value=" ")
