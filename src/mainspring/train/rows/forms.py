"""The formats that datasets are written in, told apart by their fields, and read into messages.

    messages, tools             OpenAI's chat with tool calls: what an agent did; it is put into the words of a mode
    messages                    OpenAI's chat
    prompt, completion          TRL's, as messages or as words
    conversations               ShareGPT's
    instruction, input, output  Alpaca's

What has no tools at all is plain conversation, and is learnt in its own words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mainspring.core import JsonObject, Message, Part, Text, ToolCall, ToolResult, ToolSpec
from mainspring.core.labels import UNKNOWN

_ROLES: Final = {"developer": "system", "human": "user", "gpt": "assistant"}


def _known_role(name: Any) -> Any:
    return _ROLES.get(name, name) if isinstance(name, str) else name


def _object(value: Any) -> Any:
    return orjson.loads(value or "{}") if isinstance(value, str) else value


Role = Annotated[Literal["system", "user", "assistant", "tool"], BeforeValidator(_known_role)]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation, whatever format it came in."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] | None = None
    """What could be called; None where the format has no tools, and the words stay as they are."""
    thoughts: tuple[str, ...] = ()
    """What was thought before each message; empty strings where nothing is known of that."""

    @property
    def has_calls(self) -> bool:
        """Whether a tool is called in it."""
        return any(message.calls for message in self.messages)


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Function(_Form):
    name: str = Field(min_length=1)
    description: str = ""
    parameters: JsonObject = {}
    arguments: Annotated[JsonObject, BeforeValidator(_object)] = {}


class _Call(_Form):
    id: str = ""
    function: _Function


class _Said(_Form):
    role: Role
    content: str | None = None
    reasoning_content: str | None = None
    """What a model thought, as OpenAI-compatible servers give it."""
    tool_calls: tuple[_Call, ...] | None = None
    tool_call_id: str | None = None
    name: str | None = None
    is_error: bool = False
    """Whether the call failed whose result this is."""


class _Tool(_Form):
    function: _Function


class _Turn(_Form):
    role: Role = Field(alias="from")
    value: str


class _Chat(_Form):
    messages: tuple[_Said, ...]
    tools: tuple[_Tool, ...] | None = None


class _PromptCompletion(_Form):
    prompt: str | tuple[_Said, ...]
    completion: str | tuple[_Said, ...]


class _ShareGPT(_Form):
    conversations: tuple[_Turn, ...]
    system: str = ""


class _Alpaca(_Form):
    instruction: str
    input: str = ""
    output: str
    system: str = ""


def read_dialogue(line: bytes) -> Dialogue:
    """Read one line of a dataset.

    Raises:
        ValueError: It is no JSON, of no known format, or no conversation; the message says what is wrong.
    """
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - what is wrong is the line, not a caller's type
    try:
        said, tools = _read(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    thoughts, messages = zip(*_messages(said), strict=True) if said else ((), ())
    if not any(message.role == "assistant" for message in messages):
        raise ValueError("nobody answers in it")
    return Dialogue(messages, tools, thoughts)


def _read(fields: dict[str, Any]) -> tuple[list[_Said], tuple[ToolSpec, ...] | None]:
    """Tell the format by the fields."""
    if "messages" in fields:
        chat = _Chat.model_validate(fields)
        return [*chat.messages], None if chat.tools is None else tuple(_spec(tool) for tool in chat.tools)
    if {"prompt", "completion"} <= fields.keys():
        pair = _PromptCompletion.model_validate(fields)
        return [*_spoken("user", pair.prompt), *_spoken("assistant", pair.completion)], None
    if "conversations" in fields:
        shared = _ShareGPT.model_validate(fields)
        turns = [_Said(role=turn.role, content=turn.value) for turn in shared.conversations]
        return [*_instructions(shared.system), *turns], None
    if {"instruction", "output"} <= fields.keys():
        alpaca = _Alpaca.model_validate(fields)
        asked = "\n\n".join(filter(None, (alpaca.instruction, alpaca.input)))
        turns = [_Said(role="user", content=asked), _Said(role="assistant", content=alpaca.output)]
        return [*_instructions(alpaca.system), *turns], None
    if {"chosen", "rejected"} <= fields.keys():
        raise ValueError("it is a pair of answers to prefer one of; write the dataset in another format")
    raise ValueError(f"the fields {sorted(fields)} are those of no format that is known")


def _spoken(role: Literal["user", "assistant"], said: str | tuple[_Said, ...]) -> list[_Said]:
    return [_Said(role=role, content=said)] if isinstance(said, str) else [*said]


def _instructions(text: str) -> list[_Said]:
    return [_Said(role="system", content=text)] if text else []


def _spec(tool: _Tool) -> ToolSpec:
    function = tool.function
    return ToolSpec(name=function.name, description=function.description, parameters=function.parameters)


def _messages(said: list[_Said]) -> Iterator[tuple[str, Message]]:
    """Put what was said into messages, each behind its thought; the results of a step's calls are one.

    What a model says beside calls is its thought.
    """
    names: dict[str, str] = {}
    for is_told, group in groupby(said, lambda one: one.role == "tool"):
        if is_told:
            yield "", Message(role="tool", parts=tuple(_result(one, names) for one in group), label=UNKNOWN)
            continue
        for one in group:
            calls = tuple(_calls(one))
            names |= {call.id: call.name for call in calls}
            if one.content is None and not calls:
                raise ValueError(f"a message of {one.role!r} has no content")
            words = one.content or ""
            parts: tuple[Part, ...] = calls or (Text(text=words),)
            thought = one.reasoning_content or (words if calls else "")
            yield thought, Message(role=one.role, parts=parts, label=UNKNOWN)


def _calls(said: _Said) -> Iterator[ToolCall]:
    for place, call in enumerate(said.tool_calls or ()):
        yield ToolCall(id=call.id or f"call_{place}", name=call.function.name, arguments=call.function.arguments)


def _result(said: _Said, names: dict[str, str]) -> ToolResult:
    name = names.get(said.tool_call_id or "") or said.name
    if name is None:
        raise ValueError(f"a result answers the call {said.tool_call_id!r}, which nobody made")
    return ToolResult(call_id=said.tool_call_id or "", name=name, text=said.content or "", is_error=said.is_error)
