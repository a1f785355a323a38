"""The answer is a value of a JSON schema, and its fields are the right ones."""

from collections.abc import Iterator
from typing import Any, Final

from pydantic import Field, JsonValue, field_validator

from mainspring.core import Decision, JsonObject
from mainspring.evals.outcome import Value
from mainspring.evals.schema import faults, schema_problems
from mainspring.evals.scorer import RIGHT, Question, Verdict, answer_of, wrong
from mainspring.evals.values import same
from mainspring.models.lenient import find_json

_UNSAID: Final = object()


class Typed(Value):
    """What the answer has to be."""

    form: JsonObject | None = Field(default=None, alias="schema")
    """Its JSON schema; that of the case's `answer` if not given."""
    answer: JsonValue = None
    """The right value; where it is an object, each of its fields counts. None leaves it to the schema."""

    @field_validator("form")
    @classmethod
    def _understood(cls, form: JsonObject | None) -> JsonObject | None:
        problems = [] if form is None else list(schema_problems(form))
        if problems:
            raise ValueError("; ".join(problems))
        return form

    def score(self, asked: Question, decision: Decision) -> Verdict:
        """Hold the answer against the schema, then its fields against the right ones: their share is the score."""
        given = answer_of(decision)
        if isinstance(given, Verdict):
            return given
        form = self.form if self.form is not None else asked.options.answer
        value = _value(given, form)
        if form is not None and (found := faults(value, form)):
            return wrong("; ".join(found[:3]))
        return RIGHT if self.answer is None else _compared(value, self.answer)


def _value(given: JsonValue, form: JsonObject | None) -> JsonValue:
    """Give the JSON that was written as words, unless words are what is wanted."""
    if not isinstance(given, str) or (form is not None and form.get("type") == "string"):
        return given
    found = find_json(given)
    return given if found is None else found


def _compared(value: JsonValue, right: JsonValue) -> Verdict:
    if not isinstance(right, dict) or not isinstance(value, dict):
        return RIGHT if same(value, right) else wrong(f"it is {value!r} instead of {right!r}")
    problems = list(_differences(value, right))
    if not problems:
        return RIGHT
    n_fields = len(right.keys() | value.keys())
    return Verdict(1 - len(problems) / n_fields, "; ".join(problems))


def _differences(value: JsonObject, right: JsonObject) -> Iterator[str]:
    for name in sorted(right.keys() | value.keys()):
        given: Any = value.get(name, _UNSAID)
        wanted: Any = right.get(name, _UNSAID)
        if given is _UNSAID:
            yield f"{name} is missing"
        elif wanted is _UNSAID:
            yield f"{name} should not be there"
        elif not same(given, wanted):
            yield f"{name} is {given!r} instead of {wanted!r}"
