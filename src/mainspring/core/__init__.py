"""The nouns everything is said in: messages, labels, decisions, events, usage, errors, clock, and the seams.

Data and protocols only: no network, no files, nothing third-party but pydantic. Every other room imports this
one; this one imports none. Errors are found in `mainspring.core.errors`.
"""

from mainspring.core.budget import BUDGET_FIELDS, Budget, BudgetField
from mainspring.core.clock import Clock, FakeClock, Rng, SeededRng, SystemClock, SystemRng
from mainspring.core.conversation import Conversation, label_of
from mainspring.core.decisions import Act, Answer, Decision, Unusable
from mainspring.core.effects import Door, Entry, MemoryDoor, Parked
from mainspring.core.events import Delta, Event, decode, decode_json, encode
from mainspring.core.labels import OPERATOR, USER, Label
from mainspring.core.messages import JsonObject, Message, Part, Summary, Text, ToolCall, ToolResult
from mainspring.core.models import (
    FinishReason,
    Hedged,
    Model,
    OnDelta,
    Options,
    Priced,
    Reply,
    Request,
    Sampling,
    ToolSpec,
    Windowed,
)
from mainspring.core.usage import NOTHING, ONE_TOOL_CALL, Usage

__all__ = [
    "BUDGET_FIELDS",
    "NOTHING",
    "ONE_TOOL_CALL",
    "OPERATOR",
    "USER",
    "Act",
    "Answer",
    "Budget",
    "BudgetField",
    "Clock",
    "Conversation",
    "Decision",
    "Delta",
    "Door",
    "Entry",
    "Event",
    "FakeClock",
    "FinishReason",
    "Hedged",
    "JsonObject",
    "Label",
    "MemoryDoor",
    "Message",
    "Model",
    "OnDelta",
    "Options",
    "Parked",
    "Part",
    "Priced",
    "Reply",
    "Request",
    "Rng",
    "Sampling",
    "SeededRng",
    "Summary",
    "SystemClock",
    "SystemRng",
    "Text",
    "ToolCall",
    "ToolResult",
    "ToolSpec",
    "Unusable",
    "Usage",
    "Windowed",
    "decode",
    "decode_json",
    "encode",
    "label_of",
]
