"""The store of notes, as a protocol, and what is asked of it.

A scope counts exactly as it is given: a search in `Scope(user="ada")` finds no note of `Scope(agent="clerk",
user="ada")`. `Scope.reach` gives the scopes that belong together.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from mainspring.memory.note import Kind, NewNote, Note, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which notes; everything that is given has to hold."""

    scopes: Collection[Scope]
    ids: Collection[str] | None = None
    kinds: Collection[Kind] | None = None
    pinned: bool | None = None
    limit: int | None = None
    """The newest so many; None for all."""


@dataclass(frozen=True, slots=True)
class Found:
    """A note that fits, and how well."""

    note: Note
    score: float
    """Above 0; what a perfect fit has that is old and was never used is 1."""


class MemoryStore(Protocol):
    """Keeps notes, and finds them by their words."""

    async def add(self, new: NewNote) -> Note:
        """Keep a note, durably. One with the same words in the same scope is refreshed instead.

        Raises:
            MemoryStoreError: The store cannot be reached, is locked or is full.
        """
        ...

    async def search(self, query: str, scopes: Collection[Scope], limit: int = 5) -> list[Found]:
        """Give the notes that fit some words, the best first, and count them as used.

        Args:
            query: Any text.
            scopes: Whose notes.
            limit: At most so many; what fits too badly is left out.

        Raises:
            MemoryStoreError: The store cannot be reached.
        """
        ...

    async def find(self, which: Filter) -> list[Note]:
        """Give notes whatever their words, those that were said last first.

        Raises:
            MemoryStoreError: The store cannot be reached.
        """
        ...

    async def forget(self, scopes: Collection[Scope], ids: Collection[str] | None = None) -> int:
        """Remove notes for good, their words in the index included, and tell how many.

        Args:
            scopes: Whose notes.
            ids: Which of them; all if not given.

        Raises:
            MemoryStoreError: The store cannot be reached, is locked or is full.
        """
        ...

    async def close(self) -> None:
        """Let go of the database; what was handed in before is written."""
        ...


class Ranker(Protocol):
    """Finds notes by something else than their words, such as embeddings, beside the store's own search."""

    async def rank(self, query: str, scopes: Sequence[Scope], limit: int) -> Sequence[str]:
        """Give ids of notes that fit, the best first; what does not fit is left out."""
        ...
