"""Mainspring without a store, in a process that never imports the room of stores."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.journal_agent import without_store
from benchmarks.journal_contender import Contender, Kept


@asynccontextmanager
async def opened(_: Path) -> AsyncIterator[Kept]:
    """Keep nothing."""
    yield without_store()
    assert "mainspring.runs" not in sys.modules, "runs without a store have imported mainspring.runs"


CONTENDER = Contender(opened)
