"""A build that is told to stop: what is begun is finished and kept, and nothing else is begun."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.data_handbook import Teacher
from mainspring.core import OnDelta, Reply, Request
from tests.unit.data.building.made import built, handbooks

N_BEFORE = 9
N_OF_ASSIGNMENT = 8
"""More calls than one assignment takes."""


async def test_what_is_begun_is_finished_and_kept_and_nothing_else_is_begun(tmp_path: Path) -> None:
    handbooks(tmp_path / "docs", 1, n_chapters=12)
    is_there, go_on = asyncio.Event(), asyncio.Event()

    class Held(Teacher):
        async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
            if self.n_calls == N_BEFORE:
                is_there.set()
                await go_on.wait()
            return await super().ask(request, on_delta)

    first = Held()
    building = asyncio.create_task(built(tmp_path, first, most_calls=1))
    await is_there.wait()
    building.cancel()
    await asyncio.sleep(0)  # the cancellation is heard
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await building
    second = Teacher()
    report = await built(tmp_path, second, most_calls=1)
    assert first.n_calls < N_BEFORE + 2 * N_OF_ASSIGNMENT < report.usage.model_calls
    assert first.n_calls + second.n_calls == report.usage.model_calls
