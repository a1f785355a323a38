"""What is said in a run: messages made of text, tool calls and tool results.

Messages are values. They never change, they know where they came from, and each is put into wire bytes once:
`Message.encoded` keeps the bytes, so that a long history costs nothing to send again.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from pydantic import Field, JsonValue
from pydantic_core import to_json

from mainspring.core.labels import OPERATOR, USER, Label

Role = Literal["system", "user", "assistant", "tool"]
JsonObject = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words."""

    type: Literal["text"] = "text"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A wish of the model to have a tool called."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    """Names the call within its run."""
    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What came of a tool call, as the model is told it."""

    type: Literal["tool_result"] = "tool_result"
    call_id: str
    name: str
    text: str
    is_error: bool = False
    whole: str | None = None
    """Digest under which the whole result is kept, where `text` is only a part of it."""


Part = Annotated[Text | ToolCall | ToolResult, Field(discriminator="type")]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One turn of somebody: a role, what was said, and where it came from."""

    role: Role
    parts: tuple[Part, ...]
    label: Label
    name: str | None = None
    """Who spoke, where several actors share a role."""
    raw: str | None = None
    """The exact text a model wrote, sent back to it unchanged so that its prefix cache holds."""

    @classmethod
    def system(cls, text: str) -> "Message":
        """Make the operator's instructions."""
        return cls(role="system", parts=(Text(text=text),), label=OPERATOR)

    @classmethod
    def user(cls, text: str, label: Label = USER) -> "Message":
        """Make a user's message; halves of surrogate pairs, which no wire can carry, become question marks."""
        carried = text if text.isascii() else text.encode(errors="replace").decode()
        return cls(role="user", parts=(Text(text=carried),), label=label)

    @property
    def text(self) -> str:
        """All words of the message, tool results included."""
        return "\n".join(part.text for part in self.parts if not isinstance(part, ToolCall))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the message."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """The tool results of the message."""
        return tuple(part for part in self.parts if isinstance(part, ToolResult))

    def encoded(self, dialect: str, encode: Callable[["Message"], bytes]) -> bytes:
        """Give the message's bytes in a dialect, encoding it the first time only.

        They are kept beside the fields, which they neither change nor are compared with.
        """
        known = self.__dict__.get(dialect)
        if known is None:
            known = self.__dict__[dialect] = encode(self)
        return cast("bytes", known)

    @property
    def digest(self) -> bytes:
        """SHA-256 of what a model sees of the message: role, name and parts."""
        return self.encoded("sha256", _digest)


def _digest(message: Message) -> bytes:
    return hashlib.sha256(to_json((message.role, message.name, message.parts, message.raw))).digest()
