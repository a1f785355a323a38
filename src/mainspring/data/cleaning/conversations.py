"""The words in conversations and tools, which are JSON values in OpenAI's form."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from pydantic import JsonValue

from mainspring.core import JsonObject

_NOT_SAID: Final = frozenset(("role", "id", "type", "tool_call_id"))


def strings(value: object, *, without: frozenset[str] = frozenset()) -> Iterator[str]:
    """Give every string in a JSON value, in order, but for names of fields and what is under some of them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in without:
                yield from strings(inner, without=without)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, without=without)


def said(messages: Iterable[JsonObject]) -> Iterator[str]:
    """Give what is said in a conversation, the arguments of its tool calls included."""
    for message in messages:
        yield from strings(message, without=_NOT_SAID)


def with_strings(value: JsonObject, change: Callable[[str], str]) -> JsonObject:
    """Give a JSON object with every string changed, names of fields aside."""
    return {name: _changed(inner, change) for name, inner in value.items()}


def _changed(value: JsonValue, change: Callable[[str], str]) -> JsonValue:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return with_strings(value, change)
    return [_changed(inner, change) for inner in value] if isinstance(value, list) else value
