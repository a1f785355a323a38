"""Structured: the whole step is one JSON object held to a schema by the server.

The object is a thought and then exactly one of tool calls or the answer. A model of a billion parameters makes
valid calls this way where it makes none natively. It has to write every argument, the optional ones too: what it
may leave out it forgets. Strings are bounded and, where the server can, free white space is forbidden, so that a
very small model cannot fill its tokens with either.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

import orjson
from pydantic import JsonValue

from mainspring.core import Act, Answer, Decision, JsonObject, Message, Options, ToolCall, ToolSpec, Unusable
from mainspring.models.lenient import find_json
from mainspring.models.modes.mode import (
    CUT_OFF,
    ModeName,
    Written,
    call_id,
    calls_as_json,
    results_as_text,
    template,
)
from mainspring.models.modes.signature import signature

MAX_THOUGHT_CHARS: Final = 400
MAX_ANSWER_CHARS: Final = 8_000
MAX_CALLS: Final = 8
_DEFS: Final = "#/$defs/"


Hold = Callable[[JsonObject], Mapping[str, object]]
"""Gives the request fields that hold a reply to a JSON schema."""


def by_response_format(step: JsonObject) -> Mapping[str, object]:
    """Hold a reply to a schema the way OpenAI's wire has it."""
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "step", "schema": step}}}


def by_llguidance(step: JsonObject) -> Mapping[str, object]:
    """Hold a reply to a schema by a grammar of llguidance, as the embedded server understands.

    Its chat route turns a `response_format` into a looser grammar of llama.cpp's own. White space is that of the
    examples a model has seen, one space behind each comma and colon: to forbid that too spoils its words, and where
    space is free, one that may not write what it wants writes spaces for ever. A grammar that does not compile is
    dropped without an error, so that keywords llguidance lacks are approximated instead of refused.
    """
    options: JsonObject = {
        "whitespace_flexible": False,
        "item_separator": ", ",
        "key_separator": ": ",
        "lenient": True,
        "coerce_one_of": True,
    }
    grammar = orjson.dumps(step | {"x-guidance": options}).decode()
    return {"grammar": f"%llguidance {{}}\nstart: %json {grammar}"}


class Structured:
    """One JSON object a step, held to a schema.

    Args:
        hold: How the server is told of the schema.
    """

    name: ModeName = "structured"

    def __init__(self, hold: Hold = by_response_format) -> None:
        self._hold = hold

    def preamble(self, options: Options) -> str:
        """List the tools and show the two forms a reply may have."""
        tools = [signature(spec) for spec in options.tools]
        return template("structured").render({"tools": tools, "typed": options.answer is not None})

    def fields(self, options: Options) -> Mapping[str, object]:
        """Give the schema of a step."""
        return self._hold(schema(options))

    def wire(self, message: Message) -> list[JsonObject]:
        """Say tool results as the user, and the model's own words as it wrote them."""
        if message.role == "tool":
            return [{"role": "user", "content": results_as_text(message)}]
        if message.role != "assistant":
            return [{"role": message.role, "content": message.text}]
        return [{"role": "assistant", "content": _rendered(message) if message.raw is None else message.raw}]

    def decide(self, written: Written, options: Options, turn: int) -> Decision:
        """Read the object; a server that does not hold the schema is told by the words it lets through."""
        if written.finish_reason == "length":
            return Unusable(reason=CUT_OFF)
        step = find_json(written.text)
        if not isinstance(step, dict):
            return Unusable(reason="it was not a JSON object")
        thought = str(step.get("thought") or "")
        if "answer" in step and (options.must_answer or not step.get("calls")):
            value = _answer(step["answer"], options)
            if options.answer is None and not str(value).strip():
                return Unusable(thought=thought, reason="its answer was empty")
            return Answer(thought=thought, value=value)
        calls = _calls(step, turn)
        if not calls or options.must_answer:
            return Unusable(thought=thought, reason='it has no "answer"' if options.must_answer else _NEITHER)
        return Act(thought=thought, calls=calls)


_NEITHER: Final = 'it has neither "calls" with a "tool" and its "arguments", nor an "answer"'


def schema(options: Options) -> JsonObject:
    """Give the JSON schema of one step."""
    defs: JsonObject = {}
    thought: JsonObject = {"type": "string", "maxLength": MAX_THOUGHT_CHARS}
    words: JsonObject = {"type": "string", "minLength": 1, "maxLength": MAX_ANSWER_CHARS}
    answer = words if options.answer is None else _hoisted(options.answer, "", defs)  # no tool is called that
    forms: list[JsonValue] = [_object({"thought": thought, "answer": answer})]
    if options.tools and not options.must_answer:
        call: JsonObject = {"anyOf": [_call(spec, defs) for spec in options.tools]}
        n_calls = min(options.max_calls or MAX_CALLS, MAX_CALLS)
        calls: JsonObject = {"type": "array", "minItems": 1, "maxItems": n_calls, "items": call}
        forms.insert(0, _object({"thought": thought, "calls": calls}))
    step: JsonObject = {"anyOf": forms}
    if defs:
        step["$defs"] = defs
    return step


def _call(spec: ToolSpec, defs: JsonObject) -> JsonObject:
    arguments = _hoisted(spec.parameters, spec.name, defs)
    if properties := arguments.get("properties"):
        arguments["required"] = list(properties)  # type: ignore[arg-type]  # an object in any schema
    return _object({"tool": {"type": "string", "const": spec.name}, "arguments": arguments})


def _object(properties: Mapping[str, JsonValue]) -> JsonObject:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _hoisted(inner: JsonObject, owner: str, defs: JsonObject) -> JsonObject:
    """Move a schema's definitions to the root of the step's, under names of their own."""

    def rename(value: JsonValue) -> JsonValue:
        if isinstance(value, str) and value.startswith(_DEFS):
            return f"{_DEFS}{owner}.{value.removeprefix(_DEFS)}"
        if isinstance(value, list):
            return [rename(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            key: rename(item)
            for key, item in value.items()
            if key not in {"description", "default"} or not isinstance(item, str | int | float | bool | None)
        }

    for name, definition in (inner.get("$defs") or {}).items():  # type: ignore[union-attr]  # an object in any schema
        defs[f"{owner}.{name}"] = rename(definition)
    return {key: rename(value) for key, value in inner.items() if key != "$defs"}


def _calls(step: JsonObject, turn: int) -> tuple[ToolCall, ...]:
    """Read the calls; one call alone, and a call that stands where the list should, count too."""
    listed = step.get("calls", step)
    calls = []
    for place, item in enumerate(listed if isinstance(listed, list) else [listed]):
        arguments = item.get("arguments") if isinstance(item, dict) else None
        if isinstance(item, dict) and "tool" in item and isinstance(arguments, dict):
            calls.append(ToolCall(id=call_id(turn, place), name=str(item["tool"]), arguments=arguments))
    return tuple(calls)


def _answer(value: JsonValue, options: Options) -> JsonValue:
    return value if options.answer is not None or isinstance(value, str) else orjson.dumps(value).decode()


def _rendered(message: Message) -> str:
    step: JsonObject = {"calls": list(calls_as_json(message.calls))} if message.calls else {"answer": message.text}
    written = {"thought": message.text if message.calls else ""} | step
    return json.dumps(written, ensure_ascii=False)  # with the white space that the grammar has
