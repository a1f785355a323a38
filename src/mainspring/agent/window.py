"""The window: what of a conversation the model is shown, and what the rest of it is found by.

All that was said stays in `messages`. What is shown of it follows from those messages and the rules alone: results
that would fill the window are shortened where they come in, and a summary, which is a message like others, says
which of those before it are shown no longer. So a conversation that is handed on is shown as it was.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic_core import to_json

from mainspring.agent.context import Compaction
from mainspring.agent.earlier import Earlier, earlier_tool
from mainspring.agent.gauge import Gauge
from mainspring.agent.outgrown import is_outgrown
from mainspring.core import Conversation, Message, Options, Summary, ToolResult
from mainspring.core.events import ModelReplied
from mainspring.tools import AnyTool

_MESSAGE_BYTES: Final = 64
"""More than any chat template puts around a message."""


@dataclass(frozen=True, slots=True)
class Item:
    """A message in the window."""

    said: Message
    shown: Message
    """The same with its results shortened, where they are."""
    n_bytes: int
    """Of what is shown."""
    pinned: bool = False


class Window:
    """What the model of one run is shown.

    Args:
        rules: How much that may be; None shows all that was said.
        options: What is sent besides messages.
    """

    def __init__(self, rules: Compaction | None, options: Options) -> None:
        self.view = Conversation()
        """What the model is shown: it only grows, until room is made and there is another one."""
        self.items: list[Item] = []
        """The same, with what it was made of; kept up where there are rules."""
        self.earlier = Earlier(None if rules is None else rules.step_bytes)
        self.refusal = ""
        """Why the server took the conversation for too long, where the last call came to that."""
        self.n_refusals = 0
        """How often in a row it did."""
        self._rules = rules
        self._messages: list[Message] = []
        self._n_bytes = 0
        self._gauge = Gauge(0 if rules is None else len(to_json((options.tools, options.answer))))

    @property
    def messages(self) -> Sequence[Message]:
        """All that was said."""
        return self.view if self._rules is None else self._messages

    def tools(self, tools: Mapping[str, AnyTool]) -> Mapping[str, AnyTool]:
        """Give an agent's tools for this run: the one that reads what is left out reads it here."""
        if self._rules is None:
            return tools
        reader = earlier_tool(self.earlier)
        return {**tools, reader.name: reader}

    def begin(self, messages: Sequence[Message]) -> None:
        """Take in what a run begins with; the first thing that a user said and the last, its task, are pinned."""
        if self._rules is None:
            self.view = Conversation(messages)
            return
        first = next((message for message in messages if message.role == "user" and message.summary is None), None)
        for message in messages:
            self._take(message, pinned=message is first or message is messages[-1])

    def add(self, message: Message) -> None:
        """Take in what is said next."""
        if self._rules is None:
            self.view.add(message)
        else:
            self._take(message)

    def reply(self, replied: ModelReplied) -> None:
        """Take in what the model wrote, and what its server has counted."""
        if is_outgrown(replied.decision):
            self.refusal, self.n_refusals = replied.message.text, self.n_refusals + 1
            return
        self.refusal, self.n_refusals = "", 0
        read_bytes = self._n_bytes
        self.add(replied.message)
        if self._rules is not None:
            self._gauge.learn(replied, read_bytes, self._n_bytes)

    def tokens(self, n_bytes: int | None = None) -> int:
        """Give about how many tokens it takes, or would take were it so many bytes."""
        return self._gauge.tokens(self._n_bytes if n_bytes is None else n_bytes)

    def bytes(self, n_tokens: int) -> int:
        """Give about how many bytes so many tokens are."""
        return self._gauge.bytes(n_tokens)

    def show(self, items: Sequence[Item]) -> None:
        """Show this from here on, to make room."""
        self.items = list(items)
        self.view = Conversation(item.shown for item in items)
        self._n_bytes = size_bytes(items)

    def shortened(self, items: Iterable[Item], result_bytes: int) -> list[Item]:
        """Give items whose results have at most so many bytes each."""
        return [
            self._item(item.said, min(result_bytes, self._most_bytes(item.said))) if item.said.results else item
            for item in items
        ]

    def _take(self, message: Message, *, pinned: bool = False) -> None:
        if message.summary is not None:
            self._sum_up(message)
            return
        item = self._item(message, self._most_bytes(message), pinned=pinned or message.pinned)
        self._messages.append(message)
        self.items.append(item)
        self.view.add(item.shown)
        self._n_bytes += item.n_bytes

    def _sum_up(self, message: Message) -> None:
        """Take in a summary: what it stands for is shown no longer."""
        self._messages.append(message)
        after = summed_up(self.items, message)
        left = {id(item) for item in after}
        if gone := [item.said for item in self.items if id(item) not in left]:
            self.earlier.keep(gone)
        self.show(after)

    def _most_bytes(self, message: Message) -> int:
        """Give how many bytes each of a step's results may have, however recent they are."""
        step_bytes = None if self._rules is None else self._rules.step_bytes
        return sys.maxsize if step_bytes is None else step_bytes // max(1, len(message.results))

    def _item(self, message: Message, result_bytes: int, *, pinned: bool = False) -> Item:
        shown = message
        if message.results:
            parts = tuple(
                self.earlier.shorten(part, result_bytes, message.label) if isinstance(part, ToolResult) else part
                for part in message.parts
            )
            shown = message if parts == message.parts else replace(message, parts=parts)
        is_alone = not message.calls and not message.results  # a call is not parted from its results
        return Item(message, shown, _size_bytes(shown), pinned and is_alone)


def summed_up(items: Sequence[Item], message: Message) -> list[Item]:
    """Give items with a summary in the place of those that it stands for."""
    summary = message.summary or Summary(text="")
    instructions, said = parted(items)
    n_older = max(0, len(said) - summary.kept)
    stays = [said[place] for place in summary.stays if place < n_older]
    here = replace(summary, stays=tuple(range(len(stays))), kept=0)  # where it stands it is right again
    shown = replace(message, parts=(here,))
    return [*instructions, *stays, Item(message, shown, _size_bytes(shown)), *said[n_older:]]


def parted(items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """Part instructions from what was said."""
    instructions: list[Item] = []
    said: list[Item] = []
    for item in items:
        (instructions if item.said.role == "system" else said).append(item)
    return instructions, said


def size_bytes(items: Iterable[Item]) -> int:
    """Add up the bytes of items."""
    return sum(item.n_bytes for item in items)


def _size_bytes(message: Message) -> int:
    """Bound the bytes that a message is sent in."""
    return max(len(to_json(message.parts)), len((message.raw or "").encode())) + _MESSAGE_BYTES
