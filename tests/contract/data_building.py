"""What the suites over shared builds share: teachers that count, a worker's process, a look at the store."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.data_handbook import Teacher
from mainspring.core import OnDelta, Reply, Request
from mainspring.core.events import Attempted
from mainspring.runs.journal import EVERY, Query, Store

_SETTINGS = """
[models.teacher]
provider = "handbooks"
model = "truthful-50"

[providers.handbooks]
base_url = "{url}"
mode = "structured"
"""


class Counting(Teacher):
    """A teacher that remembers what it was asked.

    Args:
        asked: Where it is counted; several teachers may share it.
    """

    def __init__(self, asked: Counter[str] | None = None) -> None:
        super().__init__()
        self.asked = Counter[str]() if asked is None else asked

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Count, and answer."""
        self.asked["\0".join(message.text for message in request.messages)] += 1
        return await super().ask(request, on_delta)


async def drivers(store: Store) -> dict[str, list[str]]:
    """Give who drove each document's director, each time that somebody took it over."""
    rows = await store.rows(Query(agents=["director"], limit=EVERY))
    return {
        row.id: [entry.event.driver for entry in await store.entries(row.id) if isinstance(entry.event, Attempted)]
        for row in rows
    }


@contextmanager
def worker(folder: Path, store: str, teacher_url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `mainspring data work` in a process of its own, its settings in a folder; end it whatever happens."""
    (folder / "mainspring.toml").write_text(_SETTINGS.format(url=teacher_url))
    command = [sys.executable, "-m", "mainspring", "data", "work", "--store", store]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()
