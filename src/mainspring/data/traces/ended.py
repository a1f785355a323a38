"""The runs of a store that have ended, the newest first, page by page: as many as there are, a page in memory."""

from collections.abc import AsyncGenerator
from typing import Final

from mainspring.runs import Query, RunRow, Runs
from mainspring.runs.journal import ENDED, EVERY

_PAGE: Final = 200
_OVERLAP_S: Final = 0.001
"""How far a page reaches back into the one before it: runs that were made at one moment stand on both."""


async def ended_runs(runs: Runs, agent: str, *, page: int = _PAGE) -> AsyncGenerator[RunRow]:
    """Give the runs of an agent that have ended, the newest first, each once."""
    before: float | None = None
    known: set[str] = set()
    while True:
        query = Query(agents=[agent], statuses=ENDED, before=before, limit=page + len(known))
        found = await runs.find(query)
        for row in found:
            if row.id not in known:
                yield row
        if len(found) < query.limit:
            return
        before = found[-1].created_at + _OVERLAP_S
        known = {row.id for row in found if row.created_at < before}


async def ended_children(runs: Runs, parent: str) -> list[RunRow]:
    """Give the runs that a run has begun and that have ended, the oldest first."""
    return [*reversed(await runs.find(Query(parent=parent, statuses=ENDED, limit=EVERY)))]
