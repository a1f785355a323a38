"""Members that are routines in code: they are handed a form, as far as it was said, and their words are the answer.

The form is held against the conversation before it is handed on (`said.py`), so a routine trusts each field of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel
from pydantic_core import to_json

from apps.storefront.said import Said
from mainspring import Agent
from mainspring.agent.child import Child
from mainspring.core import JsonObject, Message, ToolResult
from mainspring.core.events import ChildCalled
from mainspring.models.routine import Routine, RoutineModel
from mainspring.tools import AnyTool

Hearing = Callable[[JsonObject, Said], JsonObject]
"""Gives a form as far as it was said, with what else was said of it."""
_TO_A_MODEL: Final = ". Do not make the same call again"
"""What a model is told of a human's no, and is nothing for a customer."""


@dataclass(frozen=True, slots=True)
class _Heard(Child):
    """Waits for a routine, and hands it its form as it was heard."""

    hearing: Hearing = lambda form, _: form

    def intent(self, key: str, arguments: JsonObject, said: Sequence[Message]) -> ChildCalled:
        """Hand the routine its form, as JSON: no words of a field can pass for another one."""
        form = {
            name: " ".join(value.split()) if isinstance(value, str) else value for name, value in arguments.items()
        }
        heard = self.hearing(form, Said.of(said))
        return Child.intent(self, key, {"task": to_json(heard).decode()}, said)


def by_form(
    role: str,
    name: str,
    form: type[BaseModel],
    *,
    routine: Callable[[str], Routine],
    hearing: Hearing,
    tools: Sequence[AnyTool],
    description: str,
) -> AnyTool:
    """Make a member that follows a routine over a form, as the tool that hands it the form.

    Args:
        role: What the tool is called.
        name: What its runs go by; the members of two customers are two.
        form: What is to be filled in.
        routine: Begins on a form as it was heard, in JSON; its words are the answer.
        hearing: Holds the form against what was said.
        tools: What the routine may call.
        description: What the member is good for.
    """
    agent = Agent(name, model=RoutineModel(name, routine), tools=tools, description=description)
    tool = agent.as_tool(name=role, task=form)
    return replace(tool, waits=_Heard(agent, hearing=hearing), answers=True)


def why_not(result: ToolResult) -> str:
    """Say to a customer why a call came to nothing."""
    return result.text.removeprefix(f"{result.name} was not called: ").partition(_TO_A_MODEL)[0]
