"""Native: the server's own tool calls, `tools=` in the request and `tool_calls` in the reply.

Models that write their call as fenced JSON in prose are understood too.
"""

from collections.abc import Mapping

import orjson
from pydantic import JsonValue

from mainspring.core import Act, Answer, Decision, JsonObject, Message, Options, ToolCall, ToolResult, Unusable
from mainspring.models.lenient import all_json, find_json
from mainspring.models.modes.mode import CUT_OFF, ModeName, Written, call_id


class Native:
    """The server's own tool calls."""

    name: ModeName = "native"

    def preamble(self, options: Options) -> str:  # noqa: ARG002 - as the protocol has it
        """Add nothing: the server tells the model about its tools."""
        return ""

    def fields(self, options: Options) -> Mapping[str, object]:
        """Give the tools, and the schema of the answer where there is one."""
        fields: dict[str, object] = {}
        if options.tools:
            fields["tools"] = [
                {
                    "type": "function",
                    "function": {"name": spec.name, "description": spec.description, "parameters": spec.parameters},
                }
                for spec in options.tools
            ]
            if options.must_answer:
                fields["tool_choice"] = "none"
            if options.max_calls == 1:
                fields["parallel_tool_calls"] = False
        if options.answer is not None:
            fields["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": _boxed(options.answer)},
            }
        return fields

    def wire(self, message: Message) -> list[JsonObject]:
        """Use the wire's own roles; each tool result is a message of its own."""
        if message.role == "tool":
            return [_result(result) for result in message.results]
        words = message.text if message.raw is None else message.raw
        wire: JsonObject = {"role": message.role, "content": words}
        if message.name:
            wire["name"] = message.name
        if message.calls:
            wire["content"] = words or None
            wire["tool_calls"] = [_call(call) for call in message.calls]
        return [wire]

    def decide(self, written: Written, options: Options, turn: int) -> Decision:
        """Tool calls act; words answer, unless they hold calls of tools that there are."""
        if written.finish_reason == "length":
            return Unusable(reason=CUT_OFF)
        calls = _native_calls(written, turn) or _spoken_calls(written.text, options, turn)
        thought = written.thought or (written.text if written.calls else "")
        if isinstance(calls, Unusable):
            return calls
        if calls and not options.must_answer:
            return Act(thought=thought, calls=calls)
        if options.answer is None:
            if not written.text.strip():
                return Unusable(reason="it was empty")
            return Answer(thought=written.thought, value=written.text)
        value = find_json(written.text)
        if value is None:
            return Unusable(reason="it was not JSON of the form that was asked for")
        return Answer(thought=written.thought, value=_unboxed(value, options.answer))


def _native_calls(written: Written, turn: int) -> tuple[ToolCall, ...] | Unusable:
    calls: list[ToolCall] = []
    for place, wire in enumerate(written.calls):
        try:
            arguments = orjson.loads(wire.arguments or "{}")
        except orjson.JSONDecodeError as error:
            return Unusable(reason=f"the arguments of {wire.name} were not JSON: {error}")
        if not isinstance(arguments, dict):
            return Unusable(reason=f"the arguments of {wire.name} were not a JSON object")
        is_taken = any(call.id == wire.id for call in calls)  # some servers name all calls of a step alike
        name = call_id(turn, place) if is_taken or not wire.id else wire.id
        calls.append(ToolCall(id=name, name=wire.name, arguments=arguments))
    return tuple(calls)


def _spoken_calls(text: str, options: Options, turn: int) -> tuple[ToolCall, ...]:
    """Find calls that a model wrote as JSON in prose, of tools that there are."""
    if not options.tools or "{" not in text:
        return ()
    names = {spec.name for spec in options.tools}
    found: list[ToolCall] = []
    for value in all_json(text):
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                continue
            name, arguments = item.get("name") or item.get("tool"), item.get("arguments", item.get("parameters"))
            if isinstance(name, str) and name in names and isinstance(arguments, dict):
                found.append(ToolCall(id=call_id(turn, len(found)), name=name, arguments=arguments))
    return tuple(found)


def _call(call: ToolCall) -> JsonObject:
    arguments = orjson.dumps(call.arguments).decode()
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _result(result: ToolResult) -> JsonObject:
    return {"role": "tool", "tool_call_id": result.call_id, "content": result.text}


def _boxed(schema: JsonObject) -> JsonObject:
    """Put a schema that is not an object's into one, as servers demand."""
    if schema.get("type") == "object":
        return schema
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    box: JsonObject = {
        "type": "object",
        "properties": {"answer": inner},
        "required": ["answer"],
        "additionalProperties": False,
    }
    return box | ({"$defs": schema["$defs"]} if "$defs" in schema else {})


def _unboxed(value: JsonValue, schema: JsonObject) -> JsonValue:
    boxed = schema.get("type") != "object" and isinstance(value, dict) and "answer" in value
    return value["answer"] if boxed and isinstance(value, dict) else value
