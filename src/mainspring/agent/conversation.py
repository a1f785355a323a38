"""The conversation of a run as it grows: its messages, their joint label and their running digest."""

import hashlib
from collections.abc import Iterable

from mainspring.core import Label, Message


class Conversation:
    """Messages that are only ever added to.

    Args:
        messages: What was said before.
    """

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages: list[Message] = []
        self._digest = hashlib.sha256()
        first, *rest = messages
        self.label: Label = first.label
        """The worst of all labels so far."""
        self._last_joined = first.label
        for message in (first, *rest):
            self.add(message)

    def add(self, message: Message) -> None:
        """Append a message."""
        self.messages.append(message)
        self._digest.update(message.digest)
        if message.label is not self.label and message.label is not self._last_joined:
            self._last_joined = message.label
            self.label = self.label.join(message.label)

    def digest(self, *extra: bytes) -> str:
        """Give the SHA-256 of all messages and something more."""
        digest = self._digest.copy()
        for piece in extra:
            digest.update(piece)
        return digest.hexdigest()
