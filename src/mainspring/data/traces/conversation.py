"""A run as a conversation to learn from: the good path, whatever way led to it.

Steps that the model was told to mend are left out together with what it was told. A call that a human changed is
shown as it was made, and an answer that a tool gave is said. All of it is in the form of native tool calls,
whatever mode the model acted in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from pydantic_core import to_json

from mainspring.core import Act, Entry, JsonObject
from mainspring.core.events import Corrected, Finished, ModelReplied, ToolCalled, ToolReturned
from mainspring.runs.definition import Definition
from mainspring.runs.export import openai_messages


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is to be learnt from one run."""

    question: str
    """The user's first words; empty where there are none."""
    answer: str
    """The final answer in words; JSON where it is a value."""
    messages: tuple[JsonObject, ...]
    """In OpenAI's form, the answer last."""
    tools: tuple[JsonObject, ...]
    """In OpenAI's form."""


def conversation_of(
    entries: Sequence[Entry], definition: Definition, finished: Finished, *, keep_corrections: bool = False
) -> Conversation:
    """Give what is to be learnt from a run.

    Args:
        entries: All of its events.
        definition: What it works under.
        finished: How it ended.
        keep_corrections: Whether steps that were corrected stay, with the corrections.
    """
    left_out = set() if keep_corrections else _corrected(entries)
    path = list(_as_made(entries, left_out))
    failed = _failed(path)
    wire = cast("dict[str, Any]", openai_messages(path, definition))
    messages: list[JsonObject] = [_marked(message, failed) for message in wire["messages"]]
    answer = finished.output if isinstance(finished.output, str) else to_json(finished.output).decode()
    if not _is_said(messages):
        messages.append({"role": "assistant", "content": answer})
    first = next((message for message in messages if message["role"] == "user"), {})
    return Conversation(
        question=str(first.get("content") or ""),
        answer=answer,
        messages=tuple(messages),
        tools=tuple(wire.get("tools", ())),
    )


def _corrected(entries: Sequence[Entry]) -> set[int]:
    """Give the steps that the model was told to mend."""
    return {entry.event.turn for entry in entries if isinstance(entry.event, Corrected)}


def _as_made(entries: Sequence[Entry], left_out: set[int]) -> Iterator[Entry]:
    """Give the events without some steps, and without what the loop called by itself, such as a judge.

    The calls of replies are as they were made.
    """
    made = {entry.event.key: entry.event.call for entry in entries if isinstance(entry.event, ToolCalled)}
    wished: set[str] = set()
    for entry in entries:
        match entry.event:
            case ModelReplied() | ToolReturned() | Corrected() if entry.event.turn in left_out:
                continue
            case ModelReplied(turn=turn, decision=Act() as act) as replied:
                keys = [ToolCalled(turn=turn, call=call).key for call in act.calls]
                calls = tuple(made.get(key, call) for key, call in zip(keys, act.calls, strict=True))
                wished.update(keys)
                yield replace(entry, event=replace(replied, decision=replace(act, calls=calls)))
            case ToolReturned(key=key) if key not in wished:
                continue
            case _:
                yield entry


def _failed(entries: Sequence[Entry]) -> set[str]:
    """Give the calls that came to an error."""
    results = (entry.event.result for entry in entries if isinstance(entry.event, ToolReturned))
    return {result.call_id for result in results if result.is_error}


def _marked(message: JsonObject, failed: set[str]) -> JsonObject:
    """Mark the result of a call that failed: OpenAI's format has no field for it, and a model is told."""
    return {**message, "is_error": True} if message.get("tool_call_id") in failed else message


def _is_said(messages: Sequence[JsonObject]) -> bool:
    """Tell whether a conversation ends with words of the model."""
    return bool(messages) and messages[-1]["role"] == "assistant" and "tool_calls" not in messages[-1]
