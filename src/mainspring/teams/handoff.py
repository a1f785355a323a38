"""Hand-off: the conversation moves to another agent, whose answer is the run's."""

from collections.abc import Sequence

from mainspring.agent import Agent
from mainspring.agent.child import Child, Filter, child_tool
from mainspring.core import OPERATOR, Message, Text
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
    """Choose what users and agents have said, up to the last words of a user: no tools, no corrections.

    What a tool answered in an agent's place, as one does that hands over, is said by the agent.
    """
    spoken: list[Message] = []
    for message, after in zip(messages, [*messages[1:], None], strict=True):
        if message.role in {"user", "assistant"} and not message.calls and message.label != OPERATOR:
            spoken.append(message)
        elif message.role == "tool" and after is not None and _asks_anew(after):
            spoken.extend(_answer(message))
    while spoken and spoken[-1].role != "user":
        spoken.pop()
    return spoken


def _asks_anew(message: Message) -> bool:
    """Tell whether a user begins another turn: a tool's result that stands before it was the answer."""
    return message.role == "user" and message.label != OPERATOR and message.summary is None


def _answer(message: Message) -> list[Message]:
    """Give the last good result of a step as what the agent said."""
    good = [result.text for result in message.results if not result.is_error]
    return [Message(role="assistant", parts=(Text(text=text),), label=message.label) for text in good[-1:]]
