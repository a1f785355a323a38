"""What a model is not shown any longer, by reference: the whole of shortened results, messages that made room.

A reference follows from what it leads to, so that the same words have the same one in every run, however often it
is played again, forked or gone on with.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic_core import to_json

from mainspring.core import Label, Message, ToolResult
from mainspring.core.errors import ToolError
from mainspring.tools import AnyTool, distrust_result, tool

READ_EARLIER: Final = "read_earlier"
_PIECE_BYTES: Final = 4_000
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class _Kept:
    say: Callable[[], str]
    label: Label


class Earlier:
    """Keeps what is left out for as long as the run is in memory; all of it stands in the run's record, too.

    Args:
        step_bytes: Bytes that the results of a step may have; None where they are not bounded.
    """

    def __init__(self, step_bytes: int | None = None) -> None:
        self._kept: dict[str, _Kept] = {}
        self._piece_bytes = _PIECE_BYTES if step_bytes is None else min(_PIECE_BYTES, step_bytes * 3 // 4)

    def keep(self, messages: Sequence[Message]) -> str:
        """Keep messages, and give the reference that leads to them."""
        said = tuple(messages)
        first, *rest = [message.label for message in said]
        kept = _Kept(lambda: "\n\n".join(map(told, said)), first.join(*rest))
        return self._refer(b"".join(message.digest for message in said), kept)

    def shorten(self, result: ToolResult, n_bytes: int, label: Label) -> ToolResult:
        """Give a result with no more than the beginning of what it says; the rest is kept."""
        shown = _beginning(result.text, n_bytes)
        if shown == result.text:
            return result
        reference = self._refer(result.text.encode(), _Kept(lambda: result.text, label))
        gap = f"{len(result.text) - len(shown):,} of {len(result.text):,} characters are left out here"
        how = f'{READ_EARLIER}(reference="{reference}", offset={len(shown)}) gives them'
        return replace(result, text=f"{shown}\n[{gap}; {how}]")

    def read(self, reference: str, offset: int) -> str:
        """Give a piece of what a reference leads to, and say how to read on.

        Raises:
            ToolError: Nothing is kept under it, or there is no more.
        """
        kept = self._kept.get(reference.strip(" \"'`").lower())
        if kept is None:
            raise ToolError(
                f"nothing is kept under {reference!r} in this conversation; a reference stands where something is "
                "left out"
            )
        if kept.label.integrity == "untrusted":
            distrust_result()
        text, start = kept.say(), max(0, offset)
        if start >= len(text):
            raise ToolError(f"there is nothing at offset {offset}: {reference} has {len(text):,} characters")
        piece = _beginning(text[start : start + self._piece_bytes], self._piece_bytes)
        end = start + len(piece)
        rest = "that is the end" if end == len(text) else f"offset={end} reads on"
        return f"{piece}\n[characters {start:,} to {end:,} of {len(text):,}; {rest}]"

    def _refer(self, content: bytes, kept: _Kept) -> str:
        reference = hashlib.sha256(content).hexdigest()[:_DIGITS]
        self._kept[reference] = kept
        return reference


def _beginning(text: str, n_bytes: int) -> str:
    """Give as much of a text as so many bytes hold."""
    return text.encode()[:n_bytes].decode(errors="ignore")


def earlier_tool(earlier: Earlier) -> AnyTool:
    """Give the tool with which a model reads what it is not shown any longer."""

    async def read_earlier(reference: str, offset: int = 0) -> str:
        """Read what was left out of this conversation: a long result, or earlier messages.

        Args:
            reference: As it stands where something was left out.
            offset: The character to begin at.
        """
        return earlier.read(reference, offset)

    made: AnyTool = tool(effect="none", authority=[], trusted=True, name=READ_EARLIER)(read_earlier)
    return made


def told(message: Message) -> str:
    """Say a message in words: who said it, and what."""
    calls = [f"calls {call.name}({to_json(call.arguments).decode()})" for call in message.calls]
    results = [f"{result.name} gave: {result.text}" for result in message.results]
    words = results or [text for text in [message.text] if text]
    return f"[{message.name or message.role}]\n" + "\n".join([*words, *calls])
