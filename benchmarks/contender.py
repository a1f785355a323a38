"""What a contender is: something that can run an agent with one tool against the scripted server.

Also holds what all adapters share, so that every one of them does the same work.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

INSTRUCTIONS = "You add."
QUESTION = "go"
API_KEY = "none"  # the scripted server asks for no key, most clients insist on having one
TIMEOUT_S = 120
"""Long enough that no client gives up while hundreds of its runs share one core."""
MAX_STEPS = 250


ADD: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}
"""The tool as the wire describes it, for those who write it down by hand."""


@dataclass(frozen=True, slots=True)
class Contender:
    """The two things that are measured of an agent framework."""

    run: Callable[[str], Awaitable[str]]
    """Runs one trajectory with the named model and gives the final answer."""
    stream: Callable[[str], Awaitable[str]] | None = None
    """Streams one reply of the named model and gives its text, where the framework can stream."""


async def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: The first number.
        b: The second number.
    """
    return a + b
