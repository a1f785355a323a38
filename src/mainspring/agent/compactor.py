"""Makes room in a conversation before a model call, where it takes too much of the window.

    room = older results shortened, where that is enough; else older messages summed up

Whether and how follows from the record alone: what servers have counted, what was said, and the rules. So a run
that is played again makes the same room at the same step. What is pinned stays, and so do the most recent messages;
a call is never parted from its results.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from mainspring.agent.calls import Calls
from mainspring.agent.context import Compaction
from mainspring.agent.summarizer import SUMMARIZE, Notes, Summarizer
from mainspring.agent.window import Item, Window, parted, size_bytes, summed_up
from mainspring.core import Door, Label, Message, Summary, Usage
from mainspring.core.errors import ModelRefused
from mainspring.core.events import Compacted, CompactionReason
from mainspring.prompts import Prompt

_ENOUGH: Final = 2 / 3
"""Shorter results are enough where the conversation then takes this part of what is too much."""
_WORTH: Final = 8
"""A summary is worth its call where what it stands for takes at least this part of the window."""
_NOTES: Final = 8
"""Notes take at most this part of the window, at three bytes a token."""
_MOST_WORDS: Final = 400
_FEWEST_WORDS: Final = 50
_NO_NOTES: Final = Notes("", "", ())


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a conversation is cut."""

    reason: CompactionReason
    window_tokens: int
    instructions: tuple[Item, ...]
    older: tuple[Item, ...]
    """Results shortened; what is pinned is among it."""
    kept: tuple[Item, ...]
    """The most recent ones."""
    n_older_shortened: int
    """Results that are shown in part from here on."""
    n_kept_shortened: int

    @property
    def gone(self) -> list[Item]:
        """What a summary stands for."""
        return [item for item in self.older if not item.pinned]

    @property
    def items(self) -> list[Item]:
        """All of it without a summary."""
        return [*self.instructions, *self.older, *self.kept]

    @property
    def gain_bytes(self) -> int:
        """What a summary gains; that an earlier one goes gains nothing."""
        return size_bytes(item for item in self.gone if item.said.summary is None)


class Compactor:
    """Makes room in the window of one run.

    Args:
        rules: When and how; None for never.
        window: Where.
        door: Where it is recorded.
        calls: Makes the calls of whoever writes summaries.
    """

    def __init__(self, rules: Compaction | None, window: Window, door: Door, calls: Calls) -> None:
        self._rules = rules
        self._window = window
        self._door = door
        self._calls = calls

    async def make_room(self, turn: int) -> tuple[Usage, ...] | None:
        """Make room where there is too little, and give what that used; None where nothing was done.

        Args:
            turn: The step that is about to begin.

        Raises:
            ModelRefused: The conversation is too long for its server, and nothing is left to go.
            Parked: The run cannot go on now.
        """
        rules, reason = self._rules, self._reason()
        if rules is None or reason is None:
            return None
        cut = self._cut(rules, reason)
        if self._is_enough(rules, cut):
            self._shorten(turn, cut)
            return ()
        if not self._is_worth(cut):
            return None
        return await self._sum_up(turn, rules, cut)

    def _reason(self) -> CompactionReason | None:
        """Tell why room has to be made, where it has."""
        rules, window = self._rules, self._window
        if window.refusal:
            return "refused"
        if rules is None or rules.window_tokens is None:
            return None
        return "full" if window.tokens() >= rules.compact_at * rules.window_tokens else None

    def _cut(self, rules: Compaction, reason: CompactionReason) -> _Cut:
        """Find where to cut; the more often the server refused, the less is kept."""
        window = self._window
        window_tokens = rules.window_tokens or window.tokens()
        instructions, said = parted(window.items)
        keep_tokens = int(rules.keep * window_tokens) >> window.n_refusals
        n_older = len(said) - _n_kept(said, window.bytes(keep_tokens))
        older = window.shortened(said[:n_older], rules.result_bytes)
        kept = said[n_older:]
        if reason == "refused":
            kept = window.shortened(kept, max(rules.result_bytes, window_tokens >> window.n_refusals + 1))
        return _Cut(
            reason=reason,
            window_tokens=window_tokens,
            instructions=tuple(instructions),
            older=tuple(older),
            kept=tuple(kept),
            n_older_shortened=_n_shortened(said[:n_older], older),
            n_kept_shortened=_n_shortened(said[n_older:], kept),
        )

    def _is_enough(self, rules: Compaction, cut: _Cut) -> bool:
        """Tell whether nothing more is needed than shorter results."""
        if not cut.n_older_shortened + cut.n_kept_shortened:
            return False
        if cut.reason == "refused":  # what was estimated was not enough: as much goes as can
            return not cut.gain_bytes
        return self._window.tokens(size_bytes(cut.items)) <= _ENOUGH * rules.compact_at * cut.window_tokens

    def _is_worth(self, cut: _Cut) -> bool:
        """Tell whether a summary would gain something.

        Raises:
            ModelRefused: It would not, and the server does not take the conversation as it is.
        """
        if cut.reason == "full":
            return cut.gain_bytes * _WORTH >= self._window.bytes(cut.window_tokens)
        if not cut.gain_bytes:
            refusal = self._window.refusal.rstrip(".")
            raise ModelRefused(
                f"{refusal}; nothing is left that could make room: what remains is pinned, or was said last. Say "
                "less at once, or take a model with a larger window"
            )
        return True

    def _shorten(self, turn: int, cut: _Cut) -> None:
        compacted = self._compacted(turn, cut, cut.items)
        n_shortened = cut.n_older_shortened + cut.n_kept_shortened
        self._door.record(replace(compacted, n_shortened=n_shortened))
        self._window.show(cut.items)

    async def _sum_up(self, turn: int, rules: Compaction, cut: _Cut) -> tuple[Usage, ...]:
        """Put a summary in the place of what is older; where there is none, only what leads to the messages."""
        window = self._window
        gone = cut.gone
        summarizer = Summarizer(
            self._calls,
            n_words=min(_MOST_WORDS, max(_FEWEST_WORDS, cut.window_tokens // (2 * _NOTES))),
            piece_bytes=window.bytes((rules.summarizer_tokens or cut.window_tokens) * 5 // 8),
        )
        notes = await summarizer.notes(turn, [item.shown for item in gone], window.view)
        message = self._message(rules, cut, notes)
        compacted = replace(
            self._compacted(turn, cut, summed_up(cut.items, message)),
            n_replaced=len(gone),
            n_shortened=cut.n_kept_shortened,
            by=rules.summarizer if notes.text else None,
            problem=notes.problem,
            message=message,
        )
        message = self._door.record(compacted).message or message
        window.show(cut.items)
        window.add(message)
        return notes.used

    def _compacted(self, turn: int, cut: _Cut, after: Sequence[Item]) -> Compacted:
        n_bytes = size_bytes(after)
        return Compacted(
            turn=turn,
            reason=cut.reason,
            n_replaced=0,
            n_shortened=0,
            tokens_before=self._window.tokens(),
            tokens_after=self._window.tokens(n_bytes),
            size_bytes=n_bytes,
            by=None,
        )

    def _message(self, rules: Compaction, cut: _Cut, notes: Notes) -> Message:
        """Say in the place of messages what they were, as no better than the worst of them."""
        gone = [item.said for item in cut.gone]
        first, *rest = [message.label for message in gone]
        if notes.text and not rules.trusted:
            rest.append(Label(sources=(f"tool:{SUMMARIZE}",)))
        text = notes.text.encode()[: cut.window_tokens * 3 // _NOTES].decode(errors="ignore")
        words = _words().render(
            {
                "n_messages": len(gone),
                "quoted": to_json(text).decode() if text else "",
                "reference": self._window.earlier.keep(gone),
            }
        )
        stays = tuple(place for place, item in enumerate(cut.older) if item.pinned)
        summary = Summary(text=words, stays=stays, kept=len(cut.kept))
        return Message(role="user", parts=(summary,), label=first.join(*rest))


def _n_kept(said: Sequence[Item], n_bytes: int) -> int:
    """Give how many of the last messages fit; at least one, and with a result always its call."""
    first, size = len(said), 0
    for place in range(len(said) - 1, -1, -1):
        size += said[place].n_bytes
        if size > n_bytes and first < len(said):
            break
        if said[place].said.role != "tool":
            first = place
    return len(said) - first


def _n_shortened(before: Sequence[Item], after: Sequence[Item]) -> int:
    """Count the results that say less than they did."""
    pairs = zip(before, after, strict=True)
    return sum(
        one.text != other.text
        for was, is_ in pairs
        for one, other in zip(was.shown.results, is_.shown.results, strict=True)
    )


@cache
def _words() -> Prompt:
    return Prompt.load(Path(__file__).parent / "prompts" / "compacted.prompt.md")
