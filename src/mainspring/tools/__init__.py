"""Tools: plain functions that a model may call, described by their type hints and docstrings.

`@tool` makes one, `call_tool` calls it for a model with a deadline and turns whatever happens into an
observation. Imports the core and nothing else of Mainspring.
"""

from mainspring.tools.builtin import ask_human, wait_for
from mainspring.tools.call import (
    Caller,
    call_tool,
    conversation_label,
    distrust_result,
    failure,
    idempotency_key,
    misfit,
)
from mainspring.tools.tool import NOT_DONE, Annotation, AnyTool, Approval, Effect, InDoubt, Tool, as_tool, tool
from mainspring.tools.waits import Waits, nobody_to_ask

__all__ = [
    "NOT_DONE",
    "Annotation",
    "AnyTool",
    "Approval",
    "Caller",
    "Effect",
    "InDoubt",
    "Tool",
    "Waits",
    "as_tool",
    "ask_human",
    "call_tool",
    "conversation_label",
    "distrust_result",
    "failure",
    "idempotency_key",
    "misfit",
    "nobody_to_ask",
    "tool",
    "wait_for",
]
