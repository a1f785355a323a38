"""Whoever writes summaries: an agent that is called as a tool, by the loop instead of by the model.

What it is given may be longer than its own window. Then it is given that piece by piece, and the notes so far with
each of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic_core import to_json

from mainspring.agent.calls import Calls
from mainspring.agent.context import Compaction, Context, window_of
from mainspring.agent.earlier import told
from mainspring.agent.opening import Models
from mainspring.core import Clock, Message, Model, Rng, ToolCall, Usage
from mainspring.prompts import Prompt

if TYPE_CHECKING:
    from mainspring.agent.agent import Agent

COMPACTING: Final = "compact"
"""The id of a summarizer's call; those for further pieces are counted behind it."""

SUMMARIZE: Final = "summarize"
"""What a summarizer is called by."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What a summarizer came to."""

    text: str
    """Nothing where it came to nothing."""
    problem: str
    """What went wrong, where something did."""
    used: tuple[Usage, ...]


class Summarizer:
    """Has messages summed up, one call for each piece.

    Args:
        calls: Makes the calls.
        n_words: How long the notes may be.
        piece_bytes: How much one call is given.
    """

    def __init__(self, calls: Calls, *, n_words: int, piece_bytes: int) -> None:
        self._calls = calls
        self._n_words = n_words
        self._piece_bytes = piece_bytes

    async def notes(self, turn: int, messages: Sequence[Message], said: Sequence[Message]) -> Notes:
        """Have messages summed up; where that fails, give as much as there is.

        Args:
            turn: The step before which that is.
            messages: What is to be summed up.
            said: The conversation as it is.

        Raises:
            Parked: The run cannot go on now.
        """
        text, used = "", []
        for place, piece in enumerate(_pieces(messages, self._piece_bytes)):
            task = _words("summarizing").render({"notes": text, "lines": piece, "n_words": self._n_words})
            name = COMPACTING if place == 0 else f"{COMPACTING}_{place}"
            outcome = await self._calls.make(
                turn, ToolCall(id=name, name=SUMMARIZE, arguments={"task": task}), said
            )
            used.append(outcome.usage)
            written = outcome.result.text.strip()
            if outcome.result.is_error or not written:
                return Notes(text, written or "the summary is empty", tuple(used))
            text = written
        return Notes(text, "", tuple(used))


def summarizer_of(agent: str, context: Context, models: Models, clock: Clock, rng: Rng) -> "Agent":
    """Give the agent that writes an agent's summaries.

    Args:
        agent: Whose.
        context: Says who does.
        models: The agent's own.
        clock: The agent's own.
        rng: The agent's own.
    """
    from mainspring.agent.agent import Agent

    given = context.summarizer
    if isinstance(given, Agent):
        return given
    instructions = _words("summarizer")
    return Agent(f"{agent}-summarizer", prompt=instructions, model=given or models, clock=clock, rng=rng)


def compaction_of(context: Context, summarizer: "Agent", models: Sequence[Model]) -> Compaction:
    """Give what a run works with.

    Args:
        context: What was said of it.
        summarizer: Who writes summaries.
        models: All that the run may ask.
    """
    return Compaction(
        window_tokens=context.window_tokens or window_of(models),
        compact_at=context.compact_at,
        keep=context.keep,
        result_bytes=context.result_bytes,
        summarizer=summarizer.name,
        summarizer_tokens=window_of(summarizer.models),
        trusted=not summarizer.tools,
        tool=summarizer.as_tool(name=SUMMARIZE, description=_words("summarizer").description),
        models=summarizer.models,
    )


def _pieces(messages: Sequence[Message], piece_bytes: int) -> Iterator[list[str]]:
    """Give messages as quoted lines, as many at a time as there is room for."""
    piece: list[str] = []
    n_bytes = 0
    for line in (line for message in messages for line in _lines(told(message), max(1, piece_bytes // 2))):
        if piece and n_bytes + len(line.encode()) > piece_bytes:
            yield piece
            piece, n_bytes = [], 0
        piece.append(line)
        n_bytes += len(line.encode())
    if piece:
        yield piece


def _lines(text: str, n_chars: int) -> Iterator[str]:
    """Quote a text, so that nothing in it passes for another message; one that is very long comes in parts."""
    for start in range(0, len(text), n_chars):
        yield to_json(text[start : start + n_chars]).decode()


@cache
def _words(name: str) -> Prompt:
    return Prompt.load(Path(__file__).parent / "prompts" / f"{name}.prompt.md")
