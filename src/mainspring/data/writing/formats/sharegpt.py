"""ShareGPT's format: `{"conversations": [{"from": "human", "value": ...}, {"from": "gpt", "value": ...}]}`."""

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

_SPEAKERS: Final = {"system": "system", "developer": "system", "user": "human", "assistant": "gpt"}
_ROLES: Final = {"system": "system", "human": "user", "gpt": "assistant"}


class ShareGPT:
    """Write conversations of a human and a model.

    Args:
        system: Instructions that each row begins with; none if empty.
    """

    NAME: ClassVar[FormatName] = "sharegpt"
    PAIRS: ClassVar = False
    FEATURES: ClassVar[JsonValue] = [
        {
            "name": "conversations",
            "list": [{"name": "from", "dtype": "string"}, {"name": "value", "dtype": "string"}],
        }
    ]

    def __init__(self, system: str = "") -> None:
        self._system = system

    def why_not(self, chosen: Chosen) -> str:
        """Leave out what calls tools."""
        return HAS_CALLS if has_calls(chosen.candidate.messages) else ""

    def rows(self, chosen: Chosen) -> Iterator[Row]:
        """Write each message under its speaker's name."""
        if chosen.candidate.messages:
            messages = whole_conversation(chosen, self._system)
        else:
            messages = exchange(chosen.question, chosen.answer, self._system)
        yield Row({"conversations": [_turn(said) for said in messages]})

    def problems(self, fields: JsonObject) -> Iterator[str]:
        """Look for other fields and speakers, and at the conversation."""
        turns = fields.get("conversations")
        if set(fields) != {"conversations"} or not isinstance(turns, list):
            yield f"the fields are {sorted(fields)} instead of a list in ['conversations']"
        elif not all(isinstance(turn, dict) and set(turn) == {"from", "value"} for turn in turns):
            yield "a turn has other fields than 'from' and 'value'"
        else:
            yield from conversation_problems(_messages(turns))

    def words(self, fields: JsonObject) -> Words:
        """Give the human's first words and the model's last."""
        messages = _messages(fields["conversations"])
        return Words(first_words(messages, "user"), last_words(messages, "assistant"), rest=between(messages))


def _turn(said: JsonValue) -> JsonObject:
    if not isinstance(said, dict):
        raise TypeError(f"a message is {said!r} instead of an object")
    return {"from": _SPEAKERS[str(said["role"])], "value": said["content"]}


def _messages(turns: JsonValue) -> list[JsonValue]:
    said = [turn for turn in turns if isinstance(turn, dict)] if isinstance(turns, list) else []
    return [{"role": _ROLES.get(str(turn.get("from")), ""), "content": turn.get("value")} for turn in said]
