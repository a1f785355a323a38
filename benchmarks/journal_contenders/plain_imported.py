"""Mainspring without a store, in a process that has imported the room of stores and does not use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.journal_agent import without_store
from benchmarks.journal_contender import Contender, Kept
from mainspring.runs import open_runs


@asynccontextmanager
async def opened(_: Path) -> AsyncIterator[Kept]:
    """Keep nothing."""
    yield without_store()
    assert callable(open_runs)


CONTENDER = Contender(opened)
