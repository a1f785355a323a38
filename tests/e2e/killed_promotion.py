"""A promotion in a process that is killed at a given moment: `python -m tests.e2e.killed_promotion FOLDER MOMENT`.

before the intent   the gate has opened, and nothing says that a share is to be written
after the intent    it is written that the share is given, and it is not
after the deed      the settings are written, and nothing says so
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from mainspring.core.events import ToolCalled, ToolReturned
from mainspring.promotion import Promotion, begin
from mainspring.runs import Status, open_runs
from mainspring.runs.journal import Append
from mainspring.runs.stores.sqlite import SqliteStore


def die() -> NoReturn:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


class Deadly(SqliteStore):
    """A store that takes the whole process with it.

    Args:
        path: Where it is.
        moment: When.
    """

    def __init__(self, path: Path, moment: str) -> None:
        super().__init__(path)
        self._moment = moment

    async def append(self, batch: Append) -> Status:
        """Write a batch, or die before it or after it."""
        events = [event for _, event in batch.events]
        is_begun = any(isinstance(event, ToolCalled) and event.call.name == "share" for event in events)
        is_done = any(isinstance(event, ToolReturned) and event.result.name == "share" for event in events)
        if (is_begun and self._moment == "before the intent") or (is_done and self._moment == "after the deed"):
            die()
        status: Status = await super().append(batch)
        if is_begun and self._moment == "after the intent":
            die()
        return status


async def main(folder: Path, moment: str) -> None:
    """Promote, and die."""
    store = Deadly(folder / "runs.db", moment)
    await store.ready()
    results = (folder / "tuned.jsonl", folder / "present.jsonl")
    order = Promotion(settings=folder / "mainspring.toml", pool="support", model="tuned", results=results, by="ada")
    async with open_runs(store) as runs:
        await (await begin(runs, order)).result()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
