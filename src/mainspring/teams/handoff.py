"""Hand-off: the conversation moves to another agent, whose answer is the run's."""

from collections.abc import Sequence

from mainspring.agent import Agent
from mainspring.agent.child import Child, Filter, child_tool
from mainspring.core import OPERATOR, Message
from mainspring.tools import AnyTool


def handoff(
    agent: Agent, *, along: Filter | None = None, name: str | None = None, description: str = ""
) -> AnyTool:
    """Give a tool with which an agent hands its conversation over: the other one answers in its place.

    Args:
        agent: Who takes over.
        along: Chooses what of the conversation goes along; what was said, without tool calls, if not given.
        name: What the tool is called; `to_` and the agent's name if not given.
        description: When to hand over; what the agent is good for if not given.

    Raises:
        ConfigError: Nothing says when to hand over.
    """
    words = description or agent.description
    return child_tool(Child(agent, hands_over=along or said), name or f"to_{agent.name}", words)


def said(messages: Sequence[Message]) -> Sequence[Message]:
    """Choose what users and agents have said, up to the last words of a user: no tools, no corrections."""
    spoken = [
        message
        for message in messages
        if message.role in {"user", "assistant"} and not message.calls and message.label != OPERATOR
    ]
    while spoken and spoken[-1].role != "user":
        spoken.pop()
    return spoken
