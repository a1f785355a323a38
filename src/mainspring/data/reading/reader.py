"""What reads one kind of file."""

from collections.abc import Sequence
from typing import Protocol

from mainspring.data.document import Document


class Reader(Protocol):
    """Turns the bytes of one kind of file into documents; it opens nothing and asks nobody."""

    @property
    def kind(self) -> str:
        """What stands in `Document.kind`."""
        ...

    @property
    def suffixes(self) -> frozenset[str]:
        """Ends of file names that it is for, in small letters, with the dot."""
        ...

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Give the documents of a file: one, or one for each message of a mailbox.

        Raises:
            DocumentError: There is no text to be had; `Unreadable` says why in a word that a program can use.
        """
        ...
