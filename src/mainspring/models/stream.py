"""From the wire's JSON to what the model wrote, whole or piece by piece."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import orjson

from mainspring.core import FinishReason, OnDelta, Usage
from mainspring.core.errors import ModelUnavailable
from mainspring.models.modes import WireCall, Written
from mainspring.models.progress import Progress

_FINISH: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}

_MOST_TOKENS: Final = 1_000_000_000
"""More than any call reads or writes: what says more is no count, and would use up any budget."""


def read_completion(body: dict[str, Any], hide: Callable[[str], str] = str) -> tuple[Written, Usage]:
    """Read a whole chat completion; `hide` takes secrets out of what an error says of it.

    Raises:
        ModelUnavailable: It has not the shape of one.
    """
    try:
        choice = body["choices"][0]
        message = choice["message"]
        called = message.get("tool_calls")
        calls = tuple(map(_wire_call, called)) if called else ()
        written = Written(
            text=_words(message.get("content")),
            calls=calls,
            finish_reason=_FINISH.get(choice.get("finish_reason"), "other"),
            thought=message.get("reasoning_content") or message.get("reasoning") or "",
        )
        return written, read_usage(body.get("usage"))
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ModelUnavailable(
            f"the server's reply is not a chat completion ({error!r}): {hide(repr(body)):.200}"
        ) from error


def read_usage(usage: Any) -> Usage:
    """Read the tokens of a call; a server that does not say counts nothing."""
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    read = _count(usage.get("prompt_tokens"))
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else 0
    return Usage(
        input_tokens=read,
        output_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=min(read, cached),
        model_calls=1,
        cost_usd=None,
    )


def _count(tokens: Any) -> int:
    """Take a number of tokens as a server gives it; what cannot be one counts as not said."""
    return tokens if type(tokens) is int and 0 < tokens <= _MOST_TOKENS else 0


class Streamed:
    """Puts a streamed completion together.

    Args:
        on_delta: Told each piece of text.
        progress_s: Seconds that may pass without any content.
        on_begin: Called before the first content is taken in.
    """

    def __init__(self, on_delta: OnDelta, progress_s: float, on_begin: Callable[[], None] | None = None) -> None:
        self._on_delta = on_delta
        self._progress_s = progress_s
        self._on_begin = on_begin
        self._text: list[str] = []
        self._thought: list[str] = []
        self._calls: dict[int, dict[str, str]] = {}
        self._finish: FinishReason | None = None
        self.usage: dict[str, Any] | None = None
        self.model: str = ""
        self.has_begun = False
        """Whether any content has come."""

    @property
    def shown(self) -> str:
        """The text that was told so far."""
        return "".join(self._text)

    async def read(self, events: AsyncIterator[Iterator[dict[str, Any]]]) -> None:
        """Read the stream to its end.

        Raises:
            ModelUnavailable: It broke off, or what came are no completion chunks.
        """
        try:
            async with Progress(self._progress_s) as progress:
                async for batch in events:
                    brought = [self._add(event) for event in batch]
                    if any(brought):
                        progress.made()
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise ModelUnavailable(
                f"the server streamed something that is no chat completion ({error!r})"
            ) from error
        if self._finish is None:
            raise ModelUnavailable("the server's stream broke off before the reply was complete")

    def written(self) -> Written:
        """Give what was written."""
        calls = tuple(
            WireCall(call["id"], call["name"], call["arguments"]) for _, call in sorted(self._calls.items())
        )
        return Written("".join(self._text), calls, self._finish or "other", "".join(self._thought))

    def _add(self, event: dict[str, Any]) -> bool:
        """Take an event in, and tell whether it brought any content."""
        if usage := event.get("usage"):
            self.usage = usage
        if not self.model:
            self.model = event.get("model") or ""
        brought = False
        for choice in event.get("choices") or ():
            delta = choice.get("delta") or choice.get("message")
            if delta and self._add_delta(delta):
                brought = True
            if finish := choice.get("finish_reason"):
                self._finish = _FINISH.get(finish, "other")
        return brought

    def _add_delta(self, delta: dict[str, Any]) -> bool:
        text, calls = delta.get("content"), delta.get("tool_calls")
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if not (text or calls or thought):
            return False
        if not self.has_begun:
            self._begin()
        if text:
            text = text if type(text) is str else _words(text)
            self._text.append(text)
            self._on_delta(text)
        if calls:
            self._add_calls(calls)
        if thought:
            self._thought.append(thought)
        return True

    def _begin(self) -> None:
        if not self.has_begun and self._on_begin is not None:
            self._on_begin()
        self.has_begun = True

    def _add_calls(self, pieces: list[dict[str, Any]]) -> None:
        for place, piece in enumerate(pieces):
            call = self._calls.setdefault(piece.get("index", place), {"id": "", "name": "", "arguments": ""})
            call["id"] = call["id"] or piece.get("id") or ""
            function = piece.get("function") or {}
            call["name"] += function.get("name") or ""
            call["arguments"] += _arguments(function)


def _wire_call(call: dict[str, Any]) -> WireCall:
    function = call["function"]
    return WireCall(call.get("id") or "", function["name"], _arguments(function))


def _arguments(function: dict[str, Any]) -> str:
    """Give a call's arguments as JSON text, which some servers send as an object."""
    given = function.get("arguments") or ""
    return given if isinstance(given, str) else orjson.dumps(given).decode()


def _words(content: Any) -> str:
    """Give a message's text, which some servers send in parts."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content)
    return content or ""
