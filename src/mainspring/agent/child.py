"""An agent as a tool of another: its work is a run of its own, and the caller waits for its answer.

The other agent is given a task, or the conversation itself (a hand-off). What it is told is no better than what its
caller had read: the label goes with it.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel
from pydantic_core import to_json, to_jsonable_python

from mainspring.agent.job import AnswerForm
from mainspring.core import NOTHING, Budget, JsonObject, Message, label_of
from mainspring.core.errors import ConfigError, MainspringError, ToolError
from mainspring.core.events import ChildCalled, ChildEnded, Response, Wait
from mainspring.tools import AnyTool, tool
from mainspring.tools.schema import schema_of

if TYPE_CHECKING:
    from mainspring.agent.agent import Agent

_TASK: Final = "task"

MAX_DEPTH: Final = 8
"""Runs that may wait for each other in a chain: agents that delegate in circles come to an end."""

_DEPTH: Final[ContextVar[int]] = ContextVar("depth", default=0)

Filter = Callable[[Sequence[Message]], Sequence[Message]]
"""Gives what of a conversation goes along when it is handed on; the last message is a user's."""


@dataclass(frozen=True, slots=True)
class Child:
    """Waits for a run of another agent."""

    agent: "Agent"
    form: AnswerForm[Any] = field(default_factory=lambda: AnswerForm(str))
    """What its answer must look like."""
    budget: Budget | None = None
    """What one of its runs may use of the caller's budgets; kept to where the caller's run is in a store."""
    hands_over: Filter | None = None
    """Chooses what of the conversation goes along, where that is handed over; None hands over a task."""

    def intent(self, key: str, arguments: JsonObject, said: Sequence[Message]) -> ChildCalled:
        """Say what the other agent is to work on."""
        if self.hands_over is None:
            words = _task(arguments)
            given: tuple[Message, ...] = (Message.user(words, label=label_of(said)),)
        else:
            given = tuple(self.hands_over(said))
            words = given[-1].text if given else ""
        return ChildCalled(
            key=key,
            agent=self.agent.name,
            input=words,
            messages=given,
            answer_schema=self.form.schema,
            budget=self.budget,
        )

    async def respond(self, intent: Wait) -> ChildEnded:
        """Run the other agent here, for a run that has no store."""
        assert isinstance(intent, ChildCalled)  # noqa: S101 - it is its own intent
        depth = _DEPTH.get()
        if depth >= MAX_DEPTH:
            return ChildEnded(key=intent.key, run="", error=too_deep(self.agent.name))
        token = _DEPTH.set(depth + 1)
        used = NOTHING
        try:
            *before, asked = given(intent)
            run = self.agent.run_for(self.form, asked, before)
            try:
                result = await run.drive()
            finally:
                used = run.usage
        except MainspringError as error:
            return ChildEnded(key=intent.key, run="", error=f"{type(error).__name__}: {error}", usage=used)
        finally:
            _DEPTH.reset(token)
        output = to_jsonable_python(result.output)
        return ChildEnded(key=intent.key, run=result.run_id, output=output, usage=result.usage)

    def result(self, response: Response) -> object:
        """Give the other agent's answer.

        Raises:
            ToolError: It ended without one.
        """
        if isinstance(response, ChildEnded) and response.error is None:
            return response.output
        raise ToolError(response.error or "no answer" if isinstance(response, ChildEnded) else "no answer")


def given(called: ChildCalled) -> tuple[Message, ...]:
    """Give the conversation that another agent is given, its task last."""
    return called.messages or (Message.user(called.input),)


def too_deep(agent: str) -> str:
    """Say why nobody works on a task any more."""
    return f"RunTooDeep: agent {agent!r} was not asked: {MAX_DEPTH} runs wait for each other already"


def _task(arguments: JsonObject) -> str:
    """Give a task in words: as it is, or what it consists of, a line each."""
    if set(arguments) == {_TASK}:
        return str(arguments[_TASK])
    return "\n".join(
        f"{name}: {value if isinstance(value, str) else to_json(value).decode()}"
        for name, value in arguments.items()
    )


def called_by(agent: "Agent") -> tuple[Child, ...]:
    """Give the agents that one calls, and how: by its tools, to judge its answers, or to sum up what was said."""
    judge = () if agent.judge is None else agent.judge.tools.values()
    summarizer = () if agent.summarizer is None else (Child(agent.summarizer),)
    called = tuple(tool.waits for tool in (*agent.tools.values(), *judge) if isinstance(tool.waits, Child))
    return (*called, *summarizer)


def child_tool(child: Child, name: str | None, description: str, task: type[BaseModel] | None = None) -> AnyTool:
    """Make the tool with which one agent calls another.

    Raises:
        ConfigError: Nothing says what the other agent is good for.
    """
    agent = child.agent
    if not description:
        raise ConfigError(
            f"agent {agent.name!r} has no description that another agent could read; "
            "write agent.as_tool(description='...') or Agent(..., description='...')"
        )

    async def ask_agent(task: str) -> str:
        """Hand a task to another agent."""
        raise ToolError(f"nobody worked on {task!r}")

    async def hand_over(reason: str) -> str:
        """Hand the conversation to another agent."""
        raise ToolError(f"nobody took over ({reason})")

    annotated = tool(name=name or agent.name, effect="none", authority=[], in_doubt="retry")
    is_handed = child.hands_over is not None
    made: AnyTool = annotated(hand_over) if is_handed else annotated(ask_agent)
    made = replace(made, spec=replace(made.spec, description=description), waits=child, answers=is_handed)
    if task is None:
        return made
    return replace(made, spec=replace(made.spec, parameters=schema_of(task)), arguments=task)
