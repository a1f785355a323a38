"""A model that says what a test tells it to: deterministic, free and offline."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from mainspring.core import (
    Act,
    Answer,
    Decision,
    Message,
    OnDelta,
    Reply,
    Request,
    ToolCall,
    Usage,
)
from mainspring.core.errors import ModelError
from mainspring.models.prices import FREE, Pricer

_CHARS_PER_TOKEN: Final = 4
_WORD: Final = re.compile(r"\S+\s*|\s+")

Spoken = str | ToolCall | list[ToolCall] | Decision
Line = Spoken | Exception
"""A string is an answer, a call or a list of calls acts, an exception is raised."""


def use(tool: str, /, **arguments: JsonValue) -> ToolCall:
    """Write a tool call into a script."""
    return ToolCall(id="", name=tool, arguments=arguments)


class ScriptedModel:
    """Plays a script, one line a call, and remembers what it was asked.

    Args:
        script: What to say, in order; a function is given the request and says it.
        name: What it is recorded as.
        price: What calls cost; nothing if not given.
    """

    def __init__(
        self,
        script: Iterable[Line | Callable[[Request], Line]],
        name: str = "scripted",
        price: Pricer | None = None,
    ) -> None:
        self._script = list(script)
        self._name = name
        self._price = price
        self.requests: list[Request] = []
        """Everything it was asked, in order."""

    @property
    def name(self) -> str:
        """What it is recorded as."""
        return self._name

    def price(self, usage: Usage) -> Decimal | None:
        """Give the US dollars of a usage; None where the price list does not know."""
        return (self._price or FREE)(usage)

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Say the next line.

        Raises:
            ModelError: The script is over.
        """
        place = len(self.requests)
        self.requests.append(replace(request, messages=tuple(request.messages)))
        if place >= len(self._script):
            raise ModelError(
                f"the script of {self._name!r} has {len(self._script)} lines and was asked for one more"
            )
        scripted = self._script[place]
        line = scripted(request) if callable(scripted) else scripted
        if isinstance(line, Exception):
            raise line
        decision = _decision(line, request.turn)
        message = Message(role="assistant", parts=decision.parts, label=request.label)
        if on_delta is not None:
            for word in _WORD.findall(message.text):
                on_delta(word)
        usage = _usage(request, message)
        return Reply(message, decision, replace(usage, cost_usd=self.price(usage)), "stop", self._name)


def _decision(line: Spoken, turn: int) -> Decision:
    if isinstance(line, str):
        return Answer(value=line)
    if isinstance(line, ToolCall):
        line = [line]
    if isinstance(line, list):
        calls = (replace(call, id=f"call_{turn}_{place}") for place, call in enumerate(line))
        return Act(calls=tuple(calls))
    return line


def _usage(request: Request, message: Message) -> Usage:
    """Count as a tokenizer of four characters a token would."""
    said = sum(len(item.text) for item in request.messages)
    return Usage(
        input_tokens=said // _CHARS_PER_TOKEN, output_tokens=len(message.text) // _CHARS_PER_TOKEN, model_calls=1
    )
