"""What one run works with: everything that is settled before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json, to_jsonable_python

from mainspring.agent.context import Compaction
from mainspring.agent.escalate import Escalation
from mainspring.core import JsonObject, Message, Model, Options, Sampling
from mainspring.core.events import RunStarted
from mainspring.tools import AnyTool

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a run ends though it has no answer."""

    max_steps: int = 20
    """Model calls."""
    max_repairs: int = 3
    """Unusable replies in a row that are answered with what was wrong; one more ends the run."""


class AnswerForm(Generic[T]):
    """What an answer must look like, and how the model's JSON becomes one.

    Args:
        output: `str` for words, or any type pydantic has a JSON schema for.
    """

    def __init__(self, output: type[T]) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(output)
        self.schema: JsonObject | None = None if output is str else self._adapter.json_schema()

    def read(self, value: JsonValue) -> T:
        """Make the answer of a model's JSON value.

        Raises:
            ValueError: It does not fit; the message says where.
        """
        try:
            return self._adapter.validate_json(to_json(value))
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False)
            raise ValueError(
                "; ".join(f"{'.'.join(map(str, item['loc'])) or 'answer'}: {item['msg']}" for item in problems)
            ) from error

    def of_text(self, text: str) -> JsonValue:
        """Give what a tool's result says as the JSON value of an answer: words as they are, anything else read.

        Raises:
            ValueError: It is no JSON where a value of the schema is asked for.
        """
        value: JsonValue = text if self.schema is None else from_json(text)
        return value

    def write(self, output: T) -> JsonValue:
        """Make the JSON value of an answer, for the record."""
        value: JsonValue = to_jsonable_python(output)
        return value


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """A run's agent, model, words and limits."""

    agent: str
    agent_digest: str
    model: Model
    tools: Mapping[str, AnyTool]
    options: Options
    last_options: Options
    """The same tools, but only an answer is allowed: for a run that goes round in circles."""
    form: AnswerForm[T]
    sampling: Sampling
    limits: Limits
    messages: tuple[Message, ...]
    """Instructions first where there are any, the new input last."""
    prompt_digest: str
    cheaper: tuple[Model, ...] = ()
    """Models to ask instead when a budget does not cover the first one, in order."""
    cache: bool = False
    """Whether equal requests may be answered from the store's response cache."""
    escalation: Escalation | None = None
    """When to go on with which dearer models; None for never."""
    compaction: Compaction | None = None
    """When and how room is made in the conversation; None for never."""
    answering: frozenset[str] = frozenset()
    """Names of the tools whose result is the answer."""

    @property
    def models(self) -> tuple[Model, ...]:
        """All models that it may ask, the dearest first."""
        dearer = () if self.escalation is None else self.escalation.models
        return (*reversed(dearer), self.model, *self.cheaper)

    @property
    def started(self) -> RunStarted:
        """The event with which a run of this job begins."""
        return RunStarted(
            agent=self.agent,
            agent_digest=self.agent_digest,
            model=self.model.name,
            messages=self.messages,
            answer_schema=self.form.schema,
        )
