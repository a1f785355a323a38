"""A judge: a tool that says what is wrong with an answer, called by the loop instead of by the model.

It is given the answer as the model wrote it, and the question where it has a parameter of that name. What it
returns is read as text, so that a verdict from a record counts like one that has just come:

    nothing, `true`, `ok`, an object with `"ok": true`     the answer is good
    anything else, an error included                       the answer is refused, for that reason
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json

from mainspring.core import JsonObject, ToolCall, ToolResult, ToolSpec
from mainspring.core.errors import ConfigError
from mainspring.prompts import Prompt
from mainspring.tools import AnyTool, Tool, tool

JUDGING: Final = "judge"
"""The id of a judge's call: a step that answers makes no other."""

_QUESTION: Final = "question"
_ANSWER: Final = "answer"
_TASK: Final = "task"
"""What an agent that is called as a tool is given."""
_GOOD: Final = frozenset({"", "null", "true", "ok"})


@dataclass(frozen=True, slots=True)
class Judge:
    """Whoever says what is wrong with answers."""

    spec: ToolSpec
    """How it is called."""
    tool: AnyTool | None = None
    """The tool itself; None where its verdicts stand in a record."""

    @classmethod
    def of(cls, given: AnyTool | Callable[..., object]) -> "Judge":
        """Make a judge of a tool, or of a plain function, which then counts as one that changes nothing.

        Raises:
            ConfigError: It is no tool, or has no parameter that an answer can be given to.
        """
        made: AnyTool = given if isinstance(given, Tool) else tool(effect="none", authority=[])(given)
        _given(made.spec, "", "")
        return cls(made.spec, made)

    @property
    def tools(self) -> Mapping[str, AnyTool]:
        """The tool by its name."""
        return {} if self.tool is None else {self.tool.name: self.tool}

    def call(self, question: str, answer: JsonValue) -> ToolCall:
        """Write the call that asks for a verdict."""
        return ToolCall(id=JUDGING, name=self.spec.name, arguments=_given(self.spec, question, answer))


def objection(verdict: ToolResult) -> str | None:
    """Give what a judge has against an answer; None where it is good."""
    text = verdict.text.strip()
    if verdict.is_error:
        return text
    if text.strip("\"'`*.!").casefold() in _GOOD:
        return None
    if text.casefold() == "false":
        return "the judge does not say why"
    return None if _says_ok(text) else text


def _says_ok(text: str) -> bool:
    try:
        said = from_json(text)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("ok") is True


def _given(spec: ToolSpec, question: str, answer: JsonValue) -> JsonObject:
    """Give the judge's arguments: what it is called with follows from its parameters alone."""
    names, required = _parameters(spec)
    if _TASK in names and required <= {_TASK}:
        return {_TASK: _task().render({"question": question, "answer": _words(answer)})}
    left = [name for name in names if name != _QUESTION and name in required]
    place = _ANSWER if _ANSWER in names else left[0] if left else None
    if place is None or required - {_QUESTION, place}:
        raise ConfigError(
            f"judge {spec.name!r} has the parameters {names}; it is given an `answer`, and a `question` where it "
            "has a parameter of that name: give all others a default"
        )
    return {place: answer, **({_QUESTION: question} if _QUESTION in names else {})}


def _parameters(spec: ToolSpec) -> tuple[list[str], set[str]]:
    """Give the names of a tool's parameters, and of those that have to be given."""
    properties, required = spec.parameters.get("properties"), spec.parameters.get("required")
    names = list(properties) if isinstance(properties, dict) else []
    return names, set(map(str, required)) if isinstance(required, list) else set()


def _words(answer: JsonValue) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, indent=2, ensure_ascii=False)


@cache
def _task() -> Prompt:
    return Prompt.load(Path(__file__).parent / "prompts" / "judging.prompt.md")
