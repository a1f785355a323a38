"""OpenAI's chat format: `{"messages": [...]}`, which most trainers take."""

from collections.abc import Iterator
from typing import ClassVar, Final

from pydantic import JsonValue

from mainspring.core import JsonObject
from mainspring.data.writing.chosen import Chosen
from mainspring.data.writing.conversation import (
    between,
    conversation_problems,
    exchange,
    first_words,
    has_calls,
    last_words,
    whole_conversation,
)
from mainspring.data.writing.folder import FormatName
from mainspring.data.writing.format import HAS_CALLS, Row, Words

MESSAGES: Final[JsonValue] = [{"name": "role", "dtype": "string"}, {"name": "content", "dtype": "string"}]
"""The columns of messages of words alone."""


class OpenAI:
    """Write messages.

    Args:
        system: Instructions that each row begins with; none if empty.
    """

    NAME: ClassVar[FormatName] = "openai"
    PAIRS: ClassVar = False
    FEATURES: ClassVar[JsonValue] = [{"name": "messages", "list": MESSAGES}]

    def __init__(self, system: str = "") -> None:
        self._system = system

    def why_not(self, chosen: Chosen) -> str:
        """Leave out what calls tools."""
        return HAS_CALLS if has_calls(chosen.candidate.messages) else ""

    def rows(self, chosen: Chosen) -> Iterator[Row]:
        """Write the conversation where there is one, the question and its answer otherwise."""
        if chosen.candidate.messages:
            yield Row({"messages": whole_conversation(chosen, self._system)})
        else:
            yield Row({"messages": exchange(chosen.question, chosen.answer, self._system)})

    def problems(self, fields: JsonObject) -> Iterator[str]:
        """Look for other fields, and at the messages."""
        if set(fields) != {"messages"}:
            yield f"the fields are {sorted(fields)} instead of ['messages']"
        yield from conversation_problems(fields.get("messages"))

    def words(self, fields: JsonObject) -> Words:
        """Give the user's first words and the last answer."""
        messages = fields["messages"]
        return Words(first_words(messages, "user"), last_words(messages, "assistant"), rest=between(messages))
