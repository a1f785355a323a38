"""A streamed reply on its way through: what is passed on, and what is seen of it in passing.

Until the first content the events are read, and held back: up to there another member may still be asked. From then
on they pass as bytes, and only what has to be seen is looked for in them.
"""

import re
from typing import Any, Final

from mainspring.core import Usage
from mainspring.core.errors import ModelUnavailable
from mainspring.models.failures import Place, parse
from mainspring.models.stream import read_usage

# A quotation mark within a string is escaped, so none of these can be part of one.
_USAGE: Final = re.compile(rb'"usage"\s*:\s*\{')
_FINISH: Final = re.compile(rb'"finish_reason"\s*:\s*"')
_ERROR: Final = re.compile(rb'"error"\s*:\s*[^n\s]')
_CONTENT: Final = ("content", "tool_calls", "reasoning_content", "reasoning", "refusal")


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
            if self._passes(data):
                self._held.append(data)
        return self.rest() if self.has_content else []

    def rest(self) -> list[bytes]:
        """Give what is held back."""
        held, self._held = self._held, []
        return held

    def _passes(self, data: bytes) -> bool:
        if not self.has_content:
            self._read(parse(data, self._place))
        elif _ERROR.search(data):
            parse(data, self._place)
        if _FINISH.search(data):
            self.has_finished = True
        if _USAGE.search(data) is None:
            self.n_content += 1
            return True
        event = parse(data, self._place)
        self.usage = read_usage(event.get("usage"))
        return bool(event.get("choices")) or self._wants_usage

    def _read(self, event: dict[str, Any]) -> None:
        try:
            for choice in event.get("choices") or ():
                delta = choice.get("delta") or choice.get("message") or {}
                self.has_content = self.has_content or any(delta.get(name) for name in _CONTENT)
        except (AttributeError, TypeError) as error:
            raise ModelUnavailable(
                f"model server {self._place.base_url} streamed something that is no chat completion ({error!r})"
            ) from error
