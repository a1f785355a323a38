"""Conversations and tools in OpenAI's form, read into messages: the form of cases and of datasets."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import JsonValue
from pydantic_core import from_json

from mainspring.core import USER, JsonObject, Message, Text, ToolCall, ToolResult, ToolSpec

INSTRUCTING: Final = ("system", "developer")


class BrokenRow(ValueError):
    """A row of a file is not what it should be."""


def read_messages(rows: Sequence[JsonObject]) -> tuple[Message, ...]:
    """Read messages; results of tools that follow each other become one message.

    Raises:
        BrokenRow: A message is not what it should be.
    """
    messages: list[Message] = []
    called: dict[str, str] = {}
    for place, row in enumerate(rows):
        try:
            message = _message(row, called)
        except ValueError as error:
            raise BrokenRow(f"message {place}: {error}") from error
        called.update((call.id, call.name) for call in message.calls)
        if message.role == "tool" and messages and messages[-1].role == "tool":
            message = Message(role="tool", parts=(*messages.pop().parts, *message.parts), label=USER)
        messages.append(message)
    return tuple(messages)


def read_tools(rows: Sequence[JsonValue]) -> tuple[ToolSpec, ...]:
    """Read the tools of a case.

    Raises:
        BrokenRow: One has no name, no parameters, or the name of another.
    """
    specs = tuple(_tool(row, place) for place, row in enumerate(rows))
    names = [spec.name for spec in specs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BrokenRow(f"two tools are called {min(twice)!r}")
    return specs


def read_calls(row: Mapping[str, JsonValue]) -> tuple[ToolCall, ...]:
    """Read the tool calls of a message; none where it has none.

    Raises:
        BrokenRow: One has no name, or its arguments are no JSON object.
    """
    calls = row.get("tool_calls") or []
    if not isinstance(calls, list):
        raise BrokenRow("tool_calls is no list")
    return tuple(_call(call, place) for place, call in enumerate(calls))


def _message(row: JsonObject, called: Mapping[str, str]) -> Message:
    role, content = row.get("role"), row.get("content")
    if not isinstance(content, str | None):
        raise BrokenRow(f"its content is {content!r} instead of text")
    if role in INSTRUCTING:
        return Message.system(content or "")
    if role == "user":
        return Message.user(content or "")
    if role == "assistant":
        words = (Text(text=content),) if content else ()
        return Message(role="assistant", parts=(*words, *read_calls(row)), label=USER)
    if role != "tool":
        raise BrokenRow(f"there is no role {role!r}")
    answered = str(row.get("tool_call_id") or "")
    if answered not in called:
        raise BrokenRow(f"it answers the call {answered!r}, which nobody made")
    result = ToolResult(call_id=answered, name=called[answered], text=content or "")
    return Message(role="tool", parts=(result,), label=USER)


def _call(call: Any, place: int) -> ToolCall:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise BrokenRow(f"call {place} has no function with a name")
    arguments = function.get("arguments") or "{}"
    if isinstance(arguments, str):
        arguments = from_json(arguments)
    if not isinstance(arguments, dict):
        raise BrokenRow(f"the arguments of {function['name']!r} are no JSON object")
    return ToolCall(id=str(call.get("id") or f"call_{place}"), name=function["name"], arguments=arguments)


def _tool(row: Any, place: int) -> ToolSpec:
    function = row.get("function", row) if isinstance(row, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise BrokenRow(f"tool {place} has no name")
    parameters = function.get("parameters", {"type": "object", "properties": {}})
    if not isinstance(parameters, dict):
        raise BrokenRow(f"the parameters of tool {function['name']!r} are no JSON schema")
    return ToolSpec(function["name"], str(function.get("description") or ""), parameters)
