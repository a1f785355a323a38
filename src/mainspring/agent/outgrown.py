"""A conversation that a model's server refuses as too long: a reply that cannot be used, where room can be made.

Servers say it in words of their own; those of llama.cpp, vLLM, OpenAI, Anthropic and Gemini are known here.
"""

import re
from typing import Final

from mainspring.core import NOTHING, Decision, Message, Reply, Request, Unusable
from mainspring.core.errors import ModelRefused

OUTGROWN: Final = "the conversation is longer than the model's window"
"""Why such a reply cannot be used; nobody is told of it but the record."""

_CODES: Final = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_WORDS: Final = re.compile(
    r"context[ _](length|size|window)|maximum (input|prompt|model) length|(prompt|input) is too long"
    r"|exceeds the maximum number of tokens",
    re.IGNORECASE,
)


def is_outgrown(decision: Decision) -> bool:
    """Tell whether a reply says that the conversation was too long."""
    return isinstance(decision, Unusable) and decision.reason == OUTGROWN


def outgrown(refused: ModelRefused, request: Request, model: str, *, makes_room: bool) -> Reply:
    """Give what a refusal comes to: a reply after which room is made.

    Args:
        refused: What the server said.
        request: What was asked.
        model: Who.
        makes_room: Whether the agent says how.

    Raises:
        ModelRefused: It was refused for another reason, or nothing makes room.
    """
    if refused.code not in _CODES and not _WORDS.search(str(refused)):
        raise refused
    if not makes_room:
        raise ModelRefused(
            f"{str(refused).rstrip('.')}; give the agent a context=Context(), and it makes room in long talks",
            refused.status,
            refused.code,
        ) from refused
    decision = Unusable(reason=OUTGROWN, written=str(refused))
    message = Message(role="assistant", parts=decision.parts, label=request.label)
    return Reply(message, decision, NOTHING, "other", model)
