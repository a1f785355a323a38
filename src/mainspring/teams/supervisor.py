"""Supervisor: a model that hands tasks to members, sees what came of them, and answers."""

from collections.abc import Callable, Sequence

from mainspring.agent import Agent
from mainspring.agent.opening import Models
from mainspring.core import Sampling
from mainspring.prompts import Prompt
from mainspring.teams.members import Member, as_tools, prompt
from mainspring.tools import AnyTool


def supervisor(  # noqa: PLR0913 - one keyword for each thing that can be said of a team
    name: str,
    members: Sequence[Member],
    *,
    instructions: str = "",
    model: Models | None = None,
    tools: Sequence[AnyTool | Callable[..., object]] = (),
    judge: AnyTool | Callable[..., object] | None = None,
    sampling: Sampling | None = None,
    description: str = "",
    max_steps: int = 20,
    max_calls: int | None = None,
) -> Agent:
    """Make an agent that works through others; several tasks in one step are worked on side by side.

    What a member fails at is told to it like any tool's error. A supervisor may be a member itself.

    Args:
        name: What the team is called.
        members: Whom it may ask; each needs a description.
        instructions: What the team is for, and how it should work; said before how to delegate.
        model: As of any agent.
        tools: What it may do itself.
        judge: Says what is wrong with an answer, as of any agent.
        sampling: How its model picks its words.
        description: What the team is good for, as another supervisor reads it.
        max_steps: Model calls after which it ends without an answer.
        max_calls: Tasks and tool calls that one step may make; 1 suits a small model, which otherwise hands out
            tasks before it knows what they depend on.

    Raises:
        ConfigError: It has no members, two have the same name, or one has no description.
    """
    asked = as_tools(name, members)
    words = prompt("supervisor").render(
        {
            "instructions": instructions,
            "members": [{"name": tool.name, "description": tool.spec.description} for tool in asked],
        }
    )
    return Agent(
        name,
        prompt=Prompt(words, name=name, description=description, verbatim=True),
        model=model,
        tools=[*asked, *tools],
        judge=judge,
        sampling=sampling,
        max_steps=max_steps,
        max_calls=max_calls,
    )
