"""Events as they are stored: JSON, with what is large or said again and again kept once, by its hash.

The messages a run starts with and long tool results are content: a conversation that is gone on with, a page that
is read twice and a forked run do not store them again, and a journal grows with what was said, not with its square.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from pydantic import TypeAdapter
from pydantic_core import to_json

from mainspring.core import Event, Message, decode_json, encode
from mainspring.core.errors import JournalError
from mainspring.core.events import RunStarted, ToolReturned

LONG_TEXT_CHARS: Final = 1024
"""Tool results from this length on are content."""


@dataclass(frozen=True, slots=True)
class Packed:
    """An event ready to be stored."""

    type: str
    body: bytes
    refs: tuple[str, ...] = ()
    """Digests of the content that belongs into it, in the order of its places."""


def pack(event: Event, contents: dict[str, bytes]) -> Packed:
    """Make an event ready to be stored, and add its content to `contents`."""
    match event:
        case RunStarted(messages=messages):
            refs = tuple(_keep(to_json(message), contents) for message in messages)
            return Packed(event.type, encode(replace(event, messages=())), refs)
        case ToolReturned(result=result) if len(result.text) >= LONG_TEXT_CHARS:
            ref = _keep(result.text.encode(), contents)
            return Packed(event.type, encode(replace(event, result=replace(result, text=""))), (ref,))
        case _:
            return Packed(event.type, encode(event))


def unpack(body: bytes | str, refs: Sequence[str], contents: Mapping[str, bytes]) -> Event:
    """Make an event of what is stored.

    Raises:
        EventVersionError: A newer Mainspring wrote it.
        JournalError: Its content is not there.
    """
    event = decode_json(body)
    if not refs:
        return event
    try:
        found = [contents[ref] for ref in refs]
    except KeyError as error:
        raise JournalError(f"content {error} of an event is missing; the store is damaged") from error
    match event:
        case RunStarted():
            return replace(event, messages=tuple(_messages().validate_json(content) for content in found))
        case ToolReturned(result=result):
            return replace(event, result=replace(result, text=found[0].decode()))
        case _:
            return event


def digest_of(content: bytes) -> str:
    """Give the name that content is kept under."""
    return hashlib.sha256(content).hexdigest()


def _keep(content: bytes, contents: dict[str, bytes]) -> str:
    digest = digest_of(content)
    contents[digest] = content
    return digest


@cache
def _messages() -> TypeAdapter[Message]:
    return TypeAdapter(Message)
