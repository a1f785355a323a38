"""A conversation as it grows: messages that are only ever added to, and what follows from all of them.

Label, digest and wire bytes are kept up as messages come, so that none of them costs more in a long history.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import overload

from mainspring.core.labels import UNKNOWN, Label
from mainspring.core.messages import Message


class Conversation(Sequence[Message]):
    """Messages in order.

    Args:
        messages: What was said before.
    """

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self._messages = list(messages)
        self._digest: hashlib._Hash | None = None
        self._n_digested = 0
        self._wire: dict[str, tuple[bytearray, int]] = {}
        self.label: Label = self._messages[0].label if self._messages else UNKNOWN
        """The worst of all labels so far."""
        self._last_joined = self.label
        for message in self._messages:
            self._take_in(message)

    def __len__(self) -> int:
        return len(self._messages)

    @overload
    def __getitem__(self, place: int) -> Message: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Message]: ...

    def __getitem__(self, place: int | slice) -> Message | Sequence[Message]:
        return self._messages[place]

    def add(self, message: Message) -> None:
        """Append a message."""
        if not self._messages:
            self.label = message.label
        self._messages.append(message)
        self._take_in(message)

    def digest(self, *extra: bytes) -> str:
        """Give the SHA-256 of all messages and something more."""
        if self._digest is None:
            self._digest = hashlib.sha256()
        for message in self._messages[self._n_digested :]:
            self._digest.update(message.digest)
        self._n_digested = len(self._messages)
        digest = self._digest.copy()
        for piece in extra:
            digest.update(piece)
        return digest.hexdigest()

    def encoded(self, dialect: str, encode: Callable[[Message, int], bytes]) -> bytes:
        """Give all messages' bytes in a dialect, with commas between; only what is new is encoded.

        Args:
            dialect: Names the encoding; the same name always means the same one.
            encode: Gives the bytes of the message at a place.
        """
        wire, n_done = self._wire.get(dialect, (bytearray(), 0))
        for place in range(n_done, len(self._messages)):
            if place:
                wire += b","
            wire += encode(self._messages[place], place)
        self._wire[dialect] = (wire, len(self._messages))
        return bytes(wire)

    def _take_in(self, message: Message) -> None:
        if message.label is not self.label and message.label is not self._last_joined:
            self._last_joined = message.label
            self.label = self.label.join(message.label)


def label_of(said: Sequence[Message]) -> Label:
    """Give the label of a conversation, the worst of its messages'."""
    return (said if isinstance(said, Conversation) else Conversation(said)).label
