"""Mainspring with its store on SQLite, everything at its defaults: write-ahead log, synchronous=FULL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.journal_contender import Contender, Kept
from benchmarks.journal_store import resume, with_store
from mainspring.runs.opening import open_store

FILE = "runs.db"


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Kept]:
    """Keep runs in a file."""
    async with open_store(str(folder / FILE)) as store, with_store(store) as kept:
        yield kept


CONTENDER = Contender(opened, file=FILE, resume=lambda folder: resume(lambda: open_store(str(folder / FILE))))
