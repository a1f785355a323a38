"""A reply while it is written: what of it is thought and what is answer, as far as that can be told.

A structured reply is JSON that has not ended yet, a textual one has its own headings, a native one is words.
"""

import re
from typing import Final, NamedTuple

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from mainspring.models.modes.text import ANSWER, THOUGHT

_FENCE: Final = re.compile(r"^\s*```\w*\s*")


class Said(NamedTuple):
    """What was written so far."""

    thought: str
    answer: str


def said_so_far(text: str) -> Said:
    """Split what was written so far; what cannot be read yet is left out."""
    start = _FENCE.sub("", text).lstrip()
    if start.startswith("{"):
        return _from_step(start)
    if start.startswith(("Thought:", "Action:", "Final Answer:")):
        thought, answer = THOUGHT.search(text), ANSWER.search(text)
        return Said(thought[1].strip() if thought else "", answer[1].strip() if answer else "")
    return Said("", "" if "Thought:".startswith(start) else text.strip())


def _from_step(text: str) -> Said:
    try:
        step: JsonValue = from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return Said("", "")
    if not isinstance(step, dict):
        return Said("", "")
    thought, answer = step.get("thought", ""), step.get("answer", "")
    written = answer if isinstance(answer, str) else to_json(answer).decode()
    return Said(thought if isinstance(thought, str) else "", written)
