"""What is said in a run: messages made of text, tool calls and tool results.

Messages are values: they never change, and they know where they came from.
"""

import hashlib
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is said in the place of messages that made room; it stands behind the last one there was by then."""

    type: Literal["summary"] = "summary"
    text: str
    stays: tuple[int, ...] = ()
    """Places of the older messages that are said all the same, counted from the first that is no instruction."""
    kept: int = 0
    """How many of the last messages are said word for word, behind the summary."""


Part = Annotated[Text | ToolCall | ToolResult | Summary, Field(discriminator="type")]


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
    pinned: bool = False
    """Whether it stays in the conversation word for word, however long that becomes."""

    @classmethod
    def system(cls, text: str) -> "Message":
        """Make the operator's instructions."""
        return cls(role="system", parts=(Text(text=text),), label=OPERATOR)

    @classmethod
    def user(cls, text: str, label: Label = USER, *, pinned: bool = False) -> "Message":
        """Make a user's message; halves of surrogate pairs, which no wire can carry, become question marks."""
        carried = text if text.isascii() else text.encode(errors="replace").decode()
        return cls(role="user", parts=(Text(text=carried),), label=label, pinned=pinned)

    @property
    def text(self) -> str:
        """All words of the message, tool results included."""
        return "\n".join([part.text for part in self.parts if not isinstance(part, ToolCall)])

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the message."""
        return tuple([part for part in self.parts if isinstance(part, ToolCall)])

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """The tool results of the message."""
        return tuple(part for part in self.parts if isinstance(part, ToolResult))

    @property
    def summary(self) -> Summary | None:
        """The summary that the message is; None where it is none."""
        return next((part for part in self.parts if isinstance(part, Summary)), None)

    @property
    def digest(self) -> bytes:
        """SHA-256 of what a model sees of the message: role, name and parts.

        It is kept beside the fields once somebody asked; the fields are what is compared and written.
        """
        known = self.__dict__.get("_digest")
        if known is None:
            seen = to_json((self.role, self.name, self.parts, self.raw))
            known = self.__dict__["_digest"] = hashlib.sha256(seen).digest()
        return cast("bytes", known)
