"""Which type an answer has, known by its schema.

A journal holds the schema of the answer that was asked for, not the Python type. A process that asked for the type
itself reads answers into it, and holds the model to it; another one takes the JSON as it is.
"""

from typing import Any, Final, cast

from pydantic import JsonValue
from pydantic_core import to_json

from mainspring.agent.job import AnswerForm
from mainspring.core import JsonObject

_JSON: Final[type[Any]] = cast("type[Any]", JsonValue)
_WORDS: Final[AnswerForm[str]] = AnswerForm(str)


class Forms:
    """The answer types that this process has seen."""

    def __init__(self) -> None:
        self._forms: dict[bytes, AnswerForm[Any]] = {_key(None): _WORDS}

    def learn(self, form: AnswerForm[Any]) -> None:
        """Remember a type."""
        self._forms.setdefault(_key(form.schema), form)

    def known(self, schema: JsonObject | None) -> AnswerForm[Any]:
        """Give the type of a schema; plain JSON where nobody here has asked for it."""
        known = self._forms.get(_key(schema))
        if known is None:
            form: AnswerForm[Any] = AnswerForm(_JSON)
            form.schema = schema
            known = self._forms[_key(schema)] = form
        return known


def _key(schema: JsonObject | None) -> bytes:
    return to_json(schema)
