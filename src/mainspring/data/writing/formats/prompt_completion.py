"""TRL's prompt and completion, both as messages, so that the model's own chat template divides them."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import JsonValue

from mainspring.core import JsonObject
from mainspring.data.writing.chosen import Chosen
from mainspring.data.writing.conversation import (
    between,
    conversation_problems,
    first_words,
    has_calls,
    instructions,
    last_words,
    message,
    whole_conversation,
)
from mainspring.data.writing.folder import FormatName
from mainspring.data.writing.format import HAS_CALLS, Row, Words
from mainspring.data.writing.formats.openai import MESSAGES


class PromptCompletion:
    """Write what is given apart from what is to be learnt.

    Args:
        system: Instructions that each prompt begins with; none if empty.
    """

    NAME: ClassVar[FormatName] = "prompt_completion"
    PAIRS: ClassVar = False
    FEATURES: ClassVar[JsonValue] = [
        {"name": "prompt", "list": MESSAGES},
        {"name": "completion", "list": MESSAGES},
    ]

    def __init__(self, system: str = "") -> None:
        self._system = system

    def why_not(self, chosen: Chosen) -> str:
        """Leave out what calls tools."""
        return HAS_CALLS if has_calls(chosen.candidate.messages) else ""

    def rows(self, chosen: Chosen) -> Iterator[Row]:
        """Write the last answer as the completion, and all before it as the prompt."""
        if chosen.candidate.messages:
            *prompt, completion = whole_conversation(chosen, self._system)
        else:
            prompt = [*instructions(self._system), message("user", chosen.question)]
            completion = message("assistant", chosen.answer)
        yield Row({"prompt": prompt, "completion": [completion]})

    def problems(self, fields: JsonObject) -> Iterator[str]:
        """Look for other fields, and at the conversation that both make together."""
        prompt, completion = fields.get("prompt"), fields.get("completion")
        if set(fields) != {"prompt", "completion"}:
            yield f"the fields are {sorted(fields)} instead of ['completion', 'prompt']"
        elif not isinstance(prompt, list) or not isinstance(completion, list) or len(completion) != 1:
            yield "prompt and completion are no lists of messages, of which the completion has one"
        else:
            yield from conversation_problems([*prompt, *completion])

    def words(self, fields: JsonObject) -> Words:
        """Give the user's first words and the completion."""
        prompt, completion = fields["prompt"], fields["completion"]
        whole = [*prompt, *completion] if isinstance(prompt, list) and isinstance(completion, list) else []
        return Words(first_words(whole, "user"), last_words(whole, "assistant"), rest=between(whole))
