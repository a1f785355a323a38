"""An agent as a tool of another: its work is a run of its own, and the caller waits for its answer."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic_core import to_jsonable_python

from mainspring.core import JsonObject
from mainspring.core.errors import ConfigError, MainspringError, ToolError
from mainspring.core.events import ChildCalled, ChildEnded, Response, Wait
from mainspring.tools import AnyTool, tool

if TYPE_CHECKING:
    from mainspring.agent.agent import Agent


@dataclass(frozen=True, slots=True)
class Child:
    """Waits for a run of another agent."""

    agent: "Agent"

    def intent(self, key: str, arguments: JsonObject) -> ChildCalled:
        """Say what the other agent is to work on."""
        return ChildCalled(key=key, agent=self.agent.name, input=str(arguments["task"]))

    async def respond(self, intent: Wait) -> ChildEnded:
        """Run the other agent here, for a run that has no store."""
        task = intent.input if isinstance(intent, ChildCalled) else ""
        try:
            result = await self.agent.run(task)
        except MainspringError as error:
            return ChildEnded(key=intent.key, run="", error=f"{type(error).__name__}: {error}")
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


def called_by(agent: "Agent") -> "tuple[Agent, ...]":
    """Give the agents that one calls: by its tools, or to judge its answers."""
    judge = () if agent.judge is None else agent.judge.tools.values()
    return tuple(tool.waits.agent for tool in (*agent.tools.values(), *judge) if isinstance(tool.waits, Child))


def child_tool(agent: "Agent", name: str | None, description: str) -> AnyTool:
    """Make the tool with which one agent calls another.

    Raises:
        ConfigError: Nothing says what the other agent is good for.
    """
    if not description:
        raise ConfigError(
            f"agent {agent.name!r} has no description that another agent could read; "
            "write agent.as_tool(description='...')"
        )

    async def ask_agent(task: str) -> str:
        """Hand a task to another agent."""
        raise ToolError(f"nobody worked on {task!r}")

    annotated = tool(name=name or agent.name, effect="none", authority=[], in_doubt="retry")
    made: AnyTool = annotated(ask_agent)
    return replace(made, spec=replace(made.spec, description=description), waits=Child(agent))
