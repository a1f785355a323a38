"""OpenAI's chat format with tool calls: `{"messages": [...], "tools": [...]}`.

Both columns are JSON to the `datasets` library, so that the schemas of unlike tools are not poured into one form.
"""

from collections.abc import Iterator
from typing import ClassVar, Final

from pydantic import JsonValue

from mainspring.core import JsonObject
from mainspring.data.writing.chosen import Chosen
from mainspring.data.writing.conversation import (
    between,
    conversation_problems,
    first_words,
    last_words,
    whole_conversation,
)
from mainspring.data.writing.folder import FormatName
from mainspring.data.writing.format import Row, Words

_NO_CONVERSATION: Final = "it is a question and an answer, without a conversation"


class Tools:
    """Write conversations and the tools that were at hand in them.

    Args:
        system: Instructions for those that begin without; none if empty.
    """

    NAME: ClassVar[FormatName] = "tools"
    PAIRS: ClassVar = False
    FEATURES: ClassVar[JsonValue] = [{"name": "messages", "list": "json"}, {"name": "tools", "list": "json"}]

    def __init__(self, system: str = "") -> None:
        self._system = system

    def why_not(self, chosen: Chosen) -> str:
        """Leave out what is no conversation."""
        return "" if chosen.candidate.messages else _NO_CONVERSATION

    def rows(self, chosen: Chosen) -> Iterator[Row]:
        """Write the whole conversation."""
        tools: list[JsonValue] = list(chosen.candidate.tools)
        yield Row({"messages": whole_conversation(chosen, self._system), "tools": tools})

    def problems(self, fields: JsonObject) -> Iterator[str]:
        """Look for other fields, at the tools, and at the conversation with its calls."""
        tools = fields.get("tools")
        if set(fields) != {"messages", "tools"} or not isinstance(tools, list):
            yield f"the fields are {sorted(fields)} instead of lists in ['messages', 'tools']"
            return
        names = [_name(tool) for tool in tools]
        if not all(names):
            yield "a tool has no name"
        if len(set(names)) != len(names):
            yield "two tools have one name"
        yield from conversation_problems(fields.get("messages"), names)

    def words(self, fields: JsonObject) -> Words:
        """Give the user's first words and the last answer."""
        messages = fields["messages"]
        return Words(first_words(messages, "user"), last_words(messages, "assistant"), rest=between(messages))


def _name(tool: JsonValue) -> str:
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else ""
