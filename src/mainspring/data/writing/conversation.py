"""Conversations in OpenAI's form: made of a question and an answer, put into other words, and checked.

[system] (user (assistant with calls, tool for each call)* assistant)+
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from mainspring.core import JsonObject
from mainspring.data.writing.chosen import Chosen

_INSTRUCTING: Final = ("system", "developer")


def exchange(question: str, answer: str, system: str = "") -> list[JsonValue]:
    """Write a question and its answer as messages."""
    asked: list[JsonValue] = [*instructions(system), message("user", question)]
    return [*asked, message("assistant", answer)]


def instructions(system: str) -> list[JsonValue]:
    """Write instructions as a message; none where there are none."""
    return [message("system", system)] if system else []


def message(role: str, content: str) -> JsonObject:
    """Write a message of words alone."""
    return {"role": role, "content": content}


def whole_conversation(chosen: Chosen, system: str = "") -> list[JsonValue]:
    """Give the conversation of an example, with a person's words where they were changed.

    Its own instructions stay; others are put where it has none.
    """
    messages = [dict(said) for said in chosen.candidate.messages]
    if chosen.is_edited:
        asked = next((said for said in messages if said.get("role") == "user"), None)
        if asked is not None:
            asked["content"] = chosen.question
        messages[-1]["content"] = chosen.answer
    is_told = bool(messages) and messages[0].get("role") in _INSTRUCTING
    return [*([] if is_told else instructions(system)), *messages]


def has_calls(messages: Sequence[JsonValue] | Sequence[JsonObject]) -> bool:
    """Tell whether a tool is called in a conversation."""
    return any(isinstance(said, dict) and bool(said.get("tool_calls")) for said in messages)


def first_words(messages: JsonValue, role: str) -> str:
    """Give what a role said first."""
    return next(_contents(messages, role), "")


def last_words(messages: JsonValue, role: str) -> str:
    """Give what a role said last."""
    return ([*_contents(messages, role)] or [""])[-1]


def between(messages: JsonValue) -> str:
    """Give what is said between the user's first words and the last message, in JSON; empty if nothing is."""
    if not isinstance(messages, list):
        return ""
    roles = [said.get("role") if isinstance(said, dict) else None for said in messages]
    asked = roles.index("user") if "user" in roles else 0
    rest = messages[asked + 1 : -1]
    return to_json(rest).decode() if rest else ""


def conversation_problems(
    messages: JsonValue, tools: Sequence[str] | None = None, *, ends: str = "assistant"
) -> Iterator[str]:
    """Say what is wrong with a conversation.

    Args:
        messages: What should be one.
        tools: Names of the tools there are; None where no tool may be called.
        ends: The role that has the last word.
    """
    if not isinstance(messages, list) or not messages:
        yield "there are no messages"
        return
    shapes = [*_shape_problems(messages)]
    yield from shapes
    if not shapes:
        said = [one for one in messages if isinstance(one, dict)]
        yield from _order_problems(said, ends)
        yield from _call_problems(said, tools)


def _contents(messages: JsonValue, role: str) -> Iterator[str]:
    for said in messages if isinstance(messages, list) else ():
        if isinstance(said, dict) and said.get("role") == role and isinstance(said.get("content"), str):
            yield str(said["content"])


def _shape_problems(messages: list[JsonValue]) -> Iterator[str]:
    for place, said in enumerate(messages):
        if not isinstance(said, dict) or said.get("role") not in (*_INSTRUCTING, "user", "assistant", "tool"):
            yield f"message {place} has no known role"
            continue
        content, calls = said.get("content"), said.get("tool_calls")
        if calls and said["role"] != "assistant":
            yield f"message {place} of {said['role']!r} calls tools"
        if not isinstance(content, str) and not (content is None and calls):
            yield f"message {place} of {said['role']!r} has no content"
        elif isinstance(content, str) and not content.strip() and not calls and said["role"] != "tool":
            yield f"message {place} of {said['role']!r} is empty"


def _order_problems(messages: Sequence[Mapping[str, JsonValue]], ends: str) -> Iterator[str]:
    """Say where roles do not take turns; results of tools are looked at with their calls."""
    before = ""
    for place, said in enumerate(messages):
        role = str(said["role"])
        if role in _INSTRUCTING:
            if place:
                yield f"message {place} gives instructions in the middle"
            continue
        speaker = "assistant" if role == "tool" else role
        goes_on = role == "tool" or (bool(before) and messages[place - 1]["role"] == "tool")
        if not before and role != "user":
            yield f"message {place} of {role!r} comes before the user's first"
        elif speaker == before and not goes_on:
            yield f"message {place} is the second of {role!r} in a row"
        before = speaker
    last = messages[-1]
    if last["role"] != ends or last.get("tool_calls"):
        yield f"the last word is not the {ends}'s"


def _call_problems(messages: Sequence[Mapping[str, JsonValue]], tools: Sequence[str] | None) -> Iterator[str]:
    """Say which calls are malformed or unanswered, and which results answer nothing."""
    waiting: list[str] = []
    for place, said in enumerate(messages):
        if said["role"] == "tool":
            answered = said.get("tool_call_id")
            if answered in waiting:
                waiting.remove(str(answered))
            else:
                yield f"message {place} answers the call {answered!r}, which nobody made"
            continue
        yield from (f"the call {name!r} has no result" for name in waiting)
        waiting = []
        calls = said.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            problem = _call_problem(call, tools)
            if problem:
                yield f"message {place}: {problem}"
            elif isinstance(call, dict):
                waiting.append(str(call["id"]))
    yield from (f"the call {name!r} has no result" for name in waiting)


def _call_problem(call: JsonValue, tools: Sequence[str] | None) -> str:
    function: Any = call.get("function") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(function, dict) or not call.get("id"):
        return "a call has no id or no function"
    name, arguments = function.get("name"), function.get("arguments")
    if tools is None:
        return f"it calls {name!r}, and there are no tools"
    if name not in tools:
        return f"it calls {name!r}, which is none of its tools"
    try:
        is_object = isinstance(arguments, str) and isinstance(from_json(arguments), dict)
    except ValueError:
        is_object = False
    return "" if is_object else f"the arguments of {name!r} are no JSON object in a string"
