"""A conversation in exactly the words that the served model will see, and which of its turns are learnt.

What is sent is asked of `ChatModel` itself, so that a row and a request can never differ. What the model writes
stands as the server's grammar has it: one JSON object, a space behind each comma and colon, every argument that the
tool has in the order of its schema.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import orjson

from mainspring.core import JsonObject, Message, Options, Request, Sampling, Text, ToolCall, ToolSpec
from mainspring.models.chat import ChatModel
from mainspring.models.modes import MODES, ModeName
from mainspring.models.modes.mode import calls_as_json
from mainspring.models.modes.structured import MAX_THOUGHT_CHARS
from mainspring.train.folder import Row, Turn
from mainspring.train.rows.forms import Dialogue

Learn = Literal["replies", "last_reply", "calls", "all"]

_NOWHERE: Final = "http://nobody.invalid"
"""Where the model would be, of which only the words of its requests are wanted."""


class Wording:
    """Puts conversations into the words of a mode.

    Args:
        mode: How the model will be asked for tool calls.
        thoughts: Whether what was thought is learnt; without, each step begins with an empty thought.
        learn: Whose words count.
    """

    def __init__(self, mode: ModeName, *, thoughts: bool, learn: Learn) -> None:
        self._mode = MODES[mode]
        self._thoughts = thoughts
        self._learn: Learn = learn
        self._model = ChatModel("row", base_url=_NOWHERE, mode=self._mode)

    def row(self, id: str, dialogue: Dialogue) -> Row:  # noqa: A002 - the row's own name
        """Give a row; it ends with the last turn that is learnt.

        Args:
            id: Where it comes from.
            dialogue: What is said in it.

        Raises:
            ValueError: It cannot be put into these words.
        """
        marks = _learnt(dialogue, self._learn)
        wire = self._wire(dialogue)
        marks = [self._learn == "all"] * (len(wire) - len(marks)) + marks  # instructions of the mode alone
        turns = tuple(_turns(wire, marks))
        shown = dialogue.tools if self._mode.name == "native" else None
        return Row(id=id, messages=turns[: len(marks) - marks[::-1].index(True)], tools=shown or ())

    def _wire(self, dialogue: Dialogue) -> list[dict[str, Any]]:
        """Ask the model room what it would send."""
        is_plain = dialogue.tools is None
        if is_plain and any(message.calls or message.role == "tool" for message in dialogue.messages):
            raise ValueError("it calls tools and does not say which there are; give them as `tools`")
        messages = dialogue.messages if is_plain else tuple(self._written(dialogue))
        request = Request(messages=messages, options=Options(tools=dialogue.tools or ()), sampling=Sampling())
        body = self._model.body(request, MODES["native"] if is_plain else self._mode)
        wire: list[dict[str, Any]] = orjson.loads(body)["messages"]
        return wire

    def _written(self, dialogue: Dialogue) -> Iterator[Message]:
        """Give the messages, those of the assistant as the model would have written them."""
        for message, known in zip(dialogue.messages, dialogue.thoughts, strict=True):
            if message.role != "assistant":
                yield message
                continue
            thought = known[:MAX_THOUGHT_CHARS] if self._thoughts else ""
            calls = tuple(_complete(call, dialogue.tools or ()) for call in message.calls)
            if self._mode.name == "structured":
                yield replace(message, raw=_step(thought, calls, message.text))
            elif calls:
                yield replace(message, parts=(Text(text=thought), *calls))
            elif self._mode.name == "native":
                yield message
            else:
                yield (
                    replace(message, raw=f"Thought: {thought}\nFinal Answer: {message.text}")
                    if thought
                    else message
                )


def _turns(wire: Sequence[Mapping[str, Any]], marks: Sequence[bool]) -> Iterator[Turn]:
    """Give messages as a server hands them to its template: arguments as an object, results with their tool."""
    names: dict[str, str] = {}
    for said, mark in zip(wire, marks, strict=True):
        calls = tuple(_call(one["id"], one["function"]) for one in said.get("tool_calls", ()))
        names |= {call.id: call.name for call in calls}
        call_id = said.get("tool_call_id", "")
        name = names.get(call_id, "")
        words = said["content"] or ""
        yield Turn(role=said["role"], content=words, learn=mark, calls=calls, call_id=call_id, name=name)


def _call(call_id: str, function: Mapping[str, Any]) -> ToolCall:
    return ToolCall(id=call_id, name=function["name"], arguments=orjson.loads(function["arguments"]))


def _learnt(dialogue: Dialogue, learn: Learn) -> list[bool]:
    """Say of each message whether it is learnt; where nothing is called, replies are what there is to learn."""
    if learn == "all":
        return [True] * len(dialogue.messages)
    if learn == "calls" and dialogue.has_calls:
        return [bool(message.calls) for message in dialogue.messages]
    marks = [message.role == "assistant" for message in dialogue.messages]
    last = len(marks) - 1 - marks[::-1].index(True)
    return [place == last for place in range(len(marks))] if learn == "last_reply" else marks


def _complete(call: ToolCall, tools: Sequence[ToolSpec]) -> ToolCall:
    """Order arguments as the schema has them, and add those left out that have a default or may be null."""
    spec = next((tool for tool in tools if tool.name == call.name), None)
    if spec is None:
        raise ValueError(f"it calls {call.name!r}, which is none of its tools")
    properties = spec.parameters.get("properties")
    arguments: JsonObject = {}
    for name, schema in properties.items() if isinstance(properties, dict) else ():
        if name in call.arguments:
            arguments[name] = call.arguments[name]
        elif isinstance(schema, dict) and ("default" in schema or _may_be_null(schema)):
            arguments[name] = schema.get("default")
    return replace(call, arguments=arguments | call.arguments)


def _may_be_null(schema: JsonObject) -> bool:
    choices = schema.get("anyOf")
    return schema.get("type") == "null" or (isinstance(choices, list) and {"type": "null"} in choices)


def _step(thought: str, calls: Sequence[ToolCall], answer: str) -> str:
    step: JsonObject = {"thought": thought}
    step |= {"calls": list(calls_as_json(tuple(calls)))} if calls else {"answer": answer}
    return json.dumps(step, ensure_ascii=False, separators=(", ", ": "))
