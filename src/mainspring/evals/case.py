"""A case: one decision that is asked for, and what it should be. No tool is executed.

What is asked may also be a function of the user's own (`Routine`), which makes of a model whatever it wants to.
"""

import hashlib
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Self

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json, to_json

from mainspring.core import JsonObject, Message, Model, Options, Sampling
from mainspring.evals.conversation import read_messages, read_tools
from mainspring.evals.outcome import Outcome, Value
from mainspring.evals.schema import schema_problems
from mainspring.evals.scorer import Question
from mainspring.evals.scorers import Expected, expected, scorer_for

DETERMINISTIC: Final = Sampling(temperature=0.0)

Ask = Callable[[Model], Awaitable[Outcome]]


class CaseRow(Value):
    """A case as it stands in a file: a line of JSON."""

    id: str = ""
    """Names it in results; its file and line if not given."""
    question: str = ""
    """What a user says; or give `messages`."""
    messages: tuple[JsonObject, ...] = ()
    """What was said so far, in OpenAI's form."""
    system: str = ""
    """Instructions, before all that was said."""
    tools: tuple[JsonObject, ...] = ()
    """In OpenAI's form."""
    answer: JsonObject | None = None
    """JSON schema that answers are held to; free words if not given."""
    expect: JsonObject
    scorer: str = ""
    """The one its fields belong to, or else that of the suite, if not given."""
    tags: tuple[str, ...] = ()
    sampling: Sampling = Sampling()


@dataclass(frozen=True, slots=True)
class Case:
    """One decision."""

    id: str
    asked: Question
    expected: Expected
    tags: tuple[str, ...] = ()
    sampling: Sampling = DETERMINISTIC
    digest: str = ""
    """SHA-256 of all that makes it this case."""

    def told(self, system: str) -> Self:
        """Give the case under other instructions; it stays the same case."""
        said = self.asked.messages
        rest = said[1:] if said and said[0].role == "system" else said
        return replace(self, asked=replace(self.asked, messages=(Message.system(system), *rest)))


@dataclass(frozen=True, slots=True)
class Routine:
    """A case that is a function: it is given the model, and says what came of it."""

    id: str
    ask: Ask
    tags: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the function's source text; of its name where nobody knows that."""
        try:
            text = inspect.getsource(self.ask)
        except (OSError, TypeError):
            text = getattr(self.ask, "__qualname__", repr(type(self.ask)))
        return _digest([self.id, list(self.tags), text])


def case_of(
    row: JsonObject, place: str = "case", usual_scorer: str = "exact", sampling: Sampling = DETERMINISTIC
) -> Case:
    """Make a case of a line.

    Args:
        row: What stands there.
        place: The file and the line, which name a case that has no id.
        usual_scorer: Of cases that name none.
        sampling: Of the suite; that of the case goes before it.

    Raises:
        ValueError: It is none.
    """
    read = _row(row)
    if bool(read.question) == bool(read.messages):
        raise ValueError("it has to have a question or messages, one of the two")
    messages = read_messages(read.messages) if read.messages else (Message.user(read.question),)
    if messages[-1].role not in ("user", "tool"):
        raise ValueError(f"the last word is the {messages[-1].role}'s, so there is nothing to decide")
    if read.system:
        messages = (Message.system(read.system), *messages)
    scorer = read.scorer or scorer_for(read.expect, usual_scorer)
    return Case(
        id=read.id or place,
        asked=Question(messages, options_of(read.tools, read.answer)),
        expected=expected(scorer, read.expect),
        tags=read.tags,
        sampling=read.sampling.over(sampling),
        digest=_digest([read.model_dump(mode="json", exclude={"id"}), read.id or place, scorer]),
    )


def options_of(tools: Sequence[JsonObject], answer: JsonObject | None) -> Options:
    """Give what a model may do; the same object for the same tools, so that they are encoded once.

    Raises:
        ValueError: A tool or the schema is not what it should be.
    """
    return _options(to_json(list(tools)), to_json(answer))


@lru_cache(maxsize=256)
def _options(tools: bytes, answer: bytes) -> Options:
    form: JsonObject | None = from_json(answer)
    if form is not None and (problems := list(schema_problems(form))):
        raise ValueError(f"answer: {problems[0]}")
    return Options(tools=read_tools(from_json(tools)), answer=form)


def _row(row: JsonObject) -> CaseRow:
    try:
        return CaseRow.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _digest(value: JsonValue) -> str:
    return hashlib.sha256(to_json(value)).hexdigest()
