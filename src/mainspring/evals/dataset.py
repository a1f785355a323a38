"""Rows that models are trained on as cases: what the assistant says there is what is expected.

Rows are those of the formats `openai` and `tools`; the split that is held out is a suite as it stands.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from mainspring.core import JsonObject
from mainspring.evals.conversation import read_calls

Decisions = Literal["last", "calls", "every"]
"""Which messages of a row become cases: the assistant's last one, those that call tools, or all of its."""

MARK: Final = "dataset.json"
"""What the folder of a dataset has, and a folder of cases has not."""
HELD_OUT: Final = "validation-*.jsonl"
_FIELDS: Final = frozenset(("messages", "tools"))


def is_dataset_row(row: JsonObject) -> bool:
    """Tell whether a line is a row to learn from, rather than a case."""
    return "messages" in row and row.keys() <= _FIELDS


def cases_in(row: JsonObject, place: str, decisions: Decisions, words_scorer: str) -> Iterator[JsonObject]:
    """Give the cases that a row is made into, as lines of a suite have them.

    Args:
        row: A conversation, with the tools that were at hand.
        place: Its file and line.
        decisions: Which of its messages become cases.
        words_scorer: What compares words with words.

    Raises:
        ValueError: There is nothing in it that an assistant said.
    """
    messages: Any = row["messages"]
    tools: Any = row.get("tools") or []
    if not isinstance(messages, list) or not all(isinstance(said, dict) for said in messages):
        raise ValueError("messages is no list of objects")
    places = [number for number, said in enumerate(messages) if said.get("role") == "assistant"]
    if decisions == "calls":
        places = [number for number in places if messages[number].get("tool_calls")]
    elif not places:
        raise ValueError("an assistant says nothing in it, so nothing is expected")
    for number in places[-1:] if decisions == "last" else places:
        yield {
            "id": place if decisions == "last" else f"{place}/{number}",
            "messages": messages[:number],
            "tools": tools,
            **_expectation(messages[number], words_scorer),
        }


def _expectation(said: JsonObject, words_scorer: str) -> JsonObject:
    """Say what is expected: the calls of a message, or its words."""
    calls: Sequence[Any] = read_calls(said)
    if calls:
        wanted: Any = [{"name": call.name, "arguments": call.arguments} for call in calls]
        return {"expect": {"calls": wanted}, "scorer": "calls"}
    return {"expect": {"answer": said.get("content") or ""}, "scorer": words_scorer}
