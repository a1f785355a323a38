"""What the tests of memory share: a store in memory, scopes, and labels of words from here and there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mainspring.core import USER, FakeClock, Label, SeededRng
from mainspring.memory import Filter, MemoryStore, NewNote, Note, Scope, open_memory

ADA = Scope(agent="helper", user="ada")
PAGE = Label(integrity="untrusted", confidentiality="public", sources=("tool:fetch",))


@asynccontextmanager
async def memory() -> AsyncIterator[MemoryStore]:
    """Open an empty store."""
    async with open_memory(":memory:", clock=FakeClock(1000.0), rng=SeededRng()) as store:
        yield store


def say(text: str, scope: Scope = ADA, **what: object) -> NewNote:
    """Make something to be remembered that the user said."""
    return NewNote(text=text, scope=scope, **{"label": USER, **what})  # type: ignore[arg-type]  # a test's own words


async def kept(store: MemoryStore, scope: Scope = ADA) -> list[Note]:
    """Give all notes of a scope."""
    return await store.find(Filter(scopes=[scope], limit=None))
