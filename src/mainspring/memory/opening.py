"""From a URL to a store of notes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from mainspring.core import Clock, Rng, SystemClock, SystemRng
from mainspring.core.errors import ConfigError
from mainspring.memory.embedder import Embedder
from mainspring.memory.store import MemoryStore, Ranker


@asynccontextmanager
async def open_memory(
    url: str | Path | MemoryStore,
    *,
    rankers: Sequence[Ranker] = (),
    embedder: str | Embedder | None = None,
    clock: Clock | None = None,
    rng: Rng | None = None,
) -> AsyncIterator[MemoryStore]:
    """Open a store of notes; the file or database may be that of the runs.

    Args:
        url: A file name, `sqlite:///FILE`, `:memory:`, or `postgresql://...`; an open store is given as it is.
        rankers: What finds notes besides their words.
        embedder: Finds notes by what they mean: `minilm`, a small model in this process (English), or a model as
            `open_model` takes it, whose server answers `/embeddings`. By words alone if not given.
        clock: Tells when notes are said and used.
        rng: Makes up their ids.

    Raises:
        MemoryStoreError: It cannot be opened.
        ConfigError: A package that it needs is missing, or the address is none.
    """
    if not isinstance(url, str | Path):
        yield url
        return
    store = await _open(str(url), rankers, _embedder(embedder), clock or SystemClock(), rng or SystemRng())
    try:
        yield store
    finally:
        await store.close()


def _embedder(given: str | Embedder | None) -> Embedder | None:
    if not isinstance(given, str):
        return given
    from mainspring.memory.embedders import open_embedder

    return open_embedder(given)


async def _open(
    url: str, rankers: Sequence[Ranker], embedder: Embedder | None, clock: Clock, rng: Rng
) -> MemoryStore:
    if not url:
        raise ConfigError(
            "the store of notes has no name; give a file such as 'memory.db', ':memory:', or postgresql://..."
        )
    if url.startswith(("postgresql://", "postgres://")):
        from mainspring.memory.stores.postgres import open_postgres

        return await open_postgres(url, rankers=rankers, embedder=embedder, clock=clock, rng=rng)
    from mainspring.memory.stores.sqlite import open_sqlite

    return await open_sqlite(
        url.removeprefix("sqlite:///"), rankers=rankers, embedder=embedder, clock=clock, rng=rng
    )
