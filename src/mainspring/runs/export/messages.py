"""A run as a conversation in OpenAI's chat format, for its client and for fine-tuning.

Whatever mode the model acted in, its calls are tool calls here and what came of them are tool messages. A step that
was cut off before all of its calls had a result is left out, so that no call is without its message. Where room was
made, what was said is there, and the summaries of it are not.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final, cast

from pydantic import JsonValue

from mainspring.core import Entry, JsonObject, Message, Options
from mainspring.models.modes.native import Native
from mainspring.runs.definition import Definition
from mainspring.runs.transcript import transcript

_NATIVE: Final = Native()


def openai_messages(entries: Sequence[Entry], definition: Definition) -> JsonObject:
    """Give a run as `{"messages": [...], "tools": [...]}`; without `tools` where there are none.

    Args:
        entries: All events of the run.
        definition: What it works under.
    """
    said = _whole([message for message in transcript(entry.event for entry in entries) if not message.summary])
    messages: list[JsonValue] = [wire for message in said for wire in _NATIVE.wire(replace(message, raw=None))]
    return {"messages": messages, **_tools(definition)}


def _whole(said: list[Message]) -> list[Message]:
    """Leave out calls without all of their results, and results without their call."""
    kept: list[Message] = []
    for is_told, group in groupby(said, lambda message: message.role == "tool"):
        messages = list(group)
        if not is_told:
            kept += [message for message in messages[:-1] if not message.calls] + messages[-1:]
        elif kept and _called(kept[-1]) == _told(messages):
            kept += messages
        else:
            _drop_unanswered(kept)
    _drop_unanswered(kept)
    return kept


def _drop_unanswered(kept: list[Message]) -> None:
    if kept and kept[-1].calls:
        kept.pop()


def _called(message: Message) -> list[str]:
    return sorted(call.id for call in message.calls)


def _told(messages: list[Message]) -> list[str]:
    return sorted(result.call_id for message in messages for result in message.results)


def _tools(definition: Definition) -> JsonObject:
    fields = _NATIVE.fields(Options(definition.tools))
    return {"tools": cast("JsonValue", fields["tools"])} if "tools" in fields else {}
