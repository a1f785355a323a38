"""A streamed reply on its way through: what is passed on, and what is seen of it in passing.

Until the first content the events are read, and held back: up to there another member may still be asked. From then
on they pass as bytes, and only what has to be seen is looked for in them.
"""

import re
from typing import Any, Final

import orjson

from mainspring.core import Usage
from mainspring.core.errors import ModelUnavailable
from mainspring.models.failures import Place, parse
from mainspring.models.stream import read_usage

# A quotation mark within a string is escaped, so none of these can be part of one.
_USAGE: Final = re.compile(rb'"usage"\s*:\s*\{')
_FINISH: Final = re.compile(rb'"finish_reason"\s*:\s*"')
_ERROR: Final = re.compile(rb'"error"\s*:\s*[^n\s]')
_CONTENT: Final = ("content", "tool_calls", "function_call", "reasoning_content", "reasoning", "refusal", "audio")


class Flow:
    """The events of one reply.

    Args:
        place: Where they come from, for errors.
        wants_usage: Whether the client asked for the usage at the end.
    """

    def __init__(self, place: Place, *, wants_usage: bool) -> None:
        self.has_content = False
        """Whether any content has come."""
        self.has_finished = False
        """Whether the reply came to its end."""
        self.n_content = 0
        """How many events brought content: about as many tokens."""
        self.usage: Usage | None = None
        """What the server says it used, once it does."""
        self._place = place
        self._wants_usage = wants_usage
        self._held: list[bytes] = []

    def take(self, batch: list[bytes]) -> list[bytes]:
        """Take events in, and give those that may be passed on.

        Raises:
            ModelUnavailable: One is an error, or none of a chat completion.
        """
        for data in batch:
            if (passed := self._seen(data)) is not None:
                self._held.append(passed)
        return self._released() if self.has_content else []

    def end(self) -> list[bytes]:
        """Give what is held back, once there is no more to come.

        Raises:
            ModelUnavailable: The reply is not complete.
        """
        if not self.has_finished:
            raise ModelUnavailable(
                f"model server {self._place.base_url} broke off its stream before the reply was complete"
            )
        return self._released()

    def _released(self) -> list[bytes]:
        held, self._held = self._held, []
        return held

    def _seen(self, data: bytes) -> bytes | None:
        """Look at an event, and give what the client is sent of it."""
        if not self.has_content:
            data = self._read(data)
        elif _ERROR.search(data) or not (data.startswith(b"{") and data.endswith(b"}")):
            parse(data, self._place)
        if _FINISH.search(data):
            self.has_finished = True
        if _USAGE.search(data) is None:
            self.n_content += 1
            return data
        event = parse(data, self._place)
        self.usage = read_usage(event.get("usage"))
        return data if event.get("choices") or self._wants_usage else None

    def _read(self, data: bytes) -> bytes:
        event = parse(data, self._place)
        choices = event.get("choices") or ()
        try:
            for choice in choices:
                delta = choice.get("delta") or choice.get("message") or {}
                self.has_content = self.has_content or any(delta.get(name) for name in _CONTENT)
            is_whole = any(choice.get("message") for choice in choices)
            return orjson.dumps(_as_chunk(event)) if is_whole else data
        except (AttributeError, TypeError) as error:
            raise ModelUnavailable(
                f"model server {self._place.base_url} streamed something that is no chat completion ({error!r})"
            ) from error


def _as_chunk(event: dict[str, Any]) -> dict[str, Any]:
    """Turn the whole reply of a server that does not stream into a piece of one."""
    return event | {
        "object": "chat.completion.chunk",
        "choices": [
            {name: value for name, value in choice.items() if name != "message"}
            | {"delta": _as_delta(choice.get("message") or choice.get("delta") or {})}
            for choice in event["choices"]
        ],
    }


def _as_delta(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls")
    return (
        message | {"tool_calls": [{"index": place} | call for place, call in enumerate(calls)]}
        if calls
        else message
    )
