"""Which type an answer has, known by its schema.

A journal holds the schema of the answer that was asked for, not the Python type. A process that asked for the type
itself reads answers into it, and holds the model to it; another one takes the JSON as it is.
"""

from typing import Any, Final, TypeVar, cast

from pydantic import JsonValue
from pydantic_core import to_json

from mainspring.agent.job import AnswerForm
from mainspring.core import JsonObject
from mainspring.core.events import Corrected, ModelReplied
from mainspring.runs.history import History

T = TypeVar("T")

_JSON: Final[type[Any]] = cast("type[Any]", JsonValue)
_WORDS: Final[AnswerForm[str]] = AnswerForm(str)


class Forms:
    """The answer types that this process has seen."""

    def __init__(self) -> None:
        self._forms: dict[bytes, AnswerForm[Any]] = {_key(None): _WORDS}

    def learn(self, form: AnswerForm[Any]) -> None:
        """Remember a type; runs of it that were taken up before, by their schema alone, count as of that type."""
        self._forms[_key(form.schema)] = form

    def known(self, schema: JsonObject | None) -> AnswerForm[Any]:
        """Give the type of a schema; plain JSON where nobody here has asked for it."""
        known = self._forms.get(_key(schema))
        if known is None:
            form: AnswerForm[Any] = AnswerForm(_JSON)
            form.schema = schema
            known = self._forms[_key(schema)] = form
        return known


class RecordedForm(AnswerForm[T]):
    """Takes for wrong whatever answers the record says were sent back; of others another form decides.

    Args:
        history: The record.
        form: Reads the answers that were not sent back.
    """

    def __init__(self, history: History, form: AnswerForm[T]) -> None:  # reads through the other one's type
        self.schema = form.schema
        self._form = form
        corrections = [history.happened.get(f"corrected:{turn}") for turn in _answered_turns(history)]
        self._problems = [
            event.problem if isinstance(event, Corrected) and event.reason == "wrong_answer" else None
            for event in corrections
        ]

    def read(self, value: JsonValue) -> T:
        """Make the answer of a model's JSON value.

        Raises:
            ValueError: It was sent back, or does not fit.
        """
        problem = self._problems.pop(0) if self._problems else None
        if problem is not None:
            raise ValueError(problem)
        return self._form.read(value)

    def write(self, output: T) -> JsonValue:
        """Make the JSON value of an answer, for the record."""
        return self._form.write(output)


def _answered_turns(history: History) -> list[int]:
    replies = [event for event in history.happened.values() if isinstance(event, ModelReplied)]
    return sorted(reply.turn for reply in replies if reply.decision.type == "answer")


def _key(schema: JsonObject | None) -> bytes:
    return to_json(schema)
