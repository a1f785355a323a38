"""A store of notes that is opened for each call: for agents that are written down in a module, outside any loop.

    clerk = remembering(Agent("clerk"), memory_at("memory.db"), user="ada")

Each command and each turn of it may run in an event loop of its own.
"""

from collections.abc import Collection
from pathlib import Path

from mainspring.core.errors import ConfigError
from mainspring.memory.embedder import Embedder
from mainspring.memory.note import NewNote, Note, Scope
from mainspring.memory.opening import open_memory
from mainspring.memory.store import Filter, Found, MemoryStore


def memory_at(url: str | Path, *, embedder: str | Embedder | None = None) -> MemoryStore:
    """Give a store that is opened for each call, and so may be used from any event loop.

    Opening takes about 20 ms; where there is one event loop, `async with open_memory(...)` spares them.

    Args:
        url: A file name, `sqlite:///FILE` or `postgresql://...`.
        embedder: As of `open_memory`.

    Raises:
        ConfigError: The notes would be gone after each call, as those of `:memory:` are.
    """
    if str(url) == ":memory:":
        raise ConfigError(
            "what is kept in ':memory:' would be gone after each call; name a file, or use open_memory"
        )
    return _At(url, embedder)


class _At:
    """Opens a store, asks it, and closes it."""

    def __init__(self, url: str | Path, embedder: str | Embedder | None) -> None:
        self._url = url
        self._embedder = embedder

    async def add(self, new: NewNote) -> Note:
        """Keep a note."""
        async with open_memory(self._url, embedder=self._embedder) as store:
            return await store.add(new)

    async def search(self, query: str, scopes: Collection[Scope], limit: int = 5) -> list[Found]:
        """Give the notes that fit some words."""
        async with open_memory(self._url, embedder=self._embedder) as store:
            return await store.search(query, scopes, limit)

    async def find(self, which: Filter) -> list[Note]:
        """Give notes whatever their words."""
        async with open_memory(self._url, embedder=self._embedder) as store:
            return await store.find(which)

    async def forget(self, scopes: Collection[Scope], ids: Collection[str] | None = None) -> int:
        """Remove notes for good."""
        async with open_memory(self._url, embedder=self._embedder) as store:
            return await store.forget(scopes, ids)

    async def close(self) -> None:
        """Do nothing: it is closed after each call."""
