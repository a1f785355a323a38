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

    What a tool answered in an agent's place, as one does that hands over, is said by the agent. An answer that was
    refused is said by nobody.
    """
    spoken: list[Message] = []
    for before, message, after in zip([None, *messages], messages, [*messages[1:], None], strict=False):
        if _is_correction(message, before) or (after is not None and _is_correction(after, message)):
            continue
        if message.role in {"user", "assistant"} and not message.calls and message.label != OPERATOR:
            spoken.append(message)
        elif message.role == "tool" and after is not None and after.role == "user" and after.summary is None:
            spoken.extend(_answer(message))
    while spoken and spoken[-1].role != "user":
        spoken.pop()
    return spoken


def _is_correction(message: Message, before: Message | None) -> bool:
    """Tell whether a model is told to mend what it did: in the loop's words, or in those of a tool that judges."""
    if message.role != "user" or message.summary is not None:
        return False
    follows_a_deed = before is not None and before.role in {"assistant", "tool"}
    is_of_tools = all(source.startswith("tool:") for source in message.label.sources)
    return message.label == OPERATOR or (follows_a_deed and bool(message.label.sources) and is_of_tools)


def _answer(message: Message) -> list[Message]:
    """Give the last good result of a step as what the agent said."""
    good = [result.text for result in message.results if not result.is_error]
    return [Message(role="assistant", parts=(Text(text=text),), label=message.label) for text in good[-1:]]
