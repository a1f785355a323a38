"""Builds that share a store share their work, whichever store it is."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.data_server import served, serving
from mainspring import Budget
from mainspring.core import OnDelta, Reply, Request
from mainspring.data.building import Options, Report, build, work
from mainspring.runs.journal import Store
from mainspring.runs.opening import open_store
from tests.contract.data_building import Counting, drivers, worker
from tests.unit.data.building.made import contents, handbooks, options

pytestmark = pytest.mark.timeout(300)

N_BOOKS = 4
WRITTEN = ("report.json", "README.md")
"""What tells of a process as well: its calls, its time."""


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty store of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "shared.db")
    given: str = request.getfixturevalue("postgres_url")
    return given


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """Look at the store."""
    async with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Write some handbooks."""
    return handbooks(tmp_path / "docs", N_BOOKS)


async def alone(tmp_path: Path, docs: Path) -> dict[str, bytes]:
    """Give what one build writes that shares nothing with anybody."""
    await build(docs, tmp_path / "alone" / "out", options(Counting()))
    return contents(tmp_path / "alone" / "out", without=WRITTEN)


async def side_by_side(tmp_path: Path, docs: Path, *given: Options) -> list[Report]:
    """Run builds at the same time, into folders of their own of one name."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(build(docs, tmp_path / str(place) / "out", one)) for place, one in enumerate(given)
        ]
    return [task.result() for task in tasks]


async def test_two_builds_of_one_folder_make_no_call_twice_and_write_the_same(
    tmp_path: Path, docs: Path, store_url: str, store: Store
) -> None:
    asked = Counter[str]()
    reports = await side_by_side(tmp_path, docs, *(options(Counting(asked), store=store_url) for _ in range(2)))
    assert set(asked.values()) == {1}
    assert sum(report.now.model_calls for report in reports) == asked.total() == reports[0].usage.model_calls
    taken = await drivers(store)
    assert len(taken) == N_BOOKS
    assert {len(times) for times in taken.values()} == {1}
    expected = await alone(tmp_path, docs)
    for place in range(2):
        assert contents(tmp_path / str(place) / "out", without=WRITTEN) == expected


async def test_two_builds_together_spend_no_more_than_their_budget(
    tmp_path: Path, docs: Path, store_url: str
) -> None:
    asked = Counter[str]()
    shared = [options(Counting(asked), store=store_url, budget=Budget(model_calls=20)) for _ in range(2)]
    reports = await side_by_side(tmp_path, docs, *shared)
    assert asked.total() <= 20
    assert all(report.stopped.startswith("BudgetError") for report in reports)
    whole = await build(docs, tmp_path / "0" / "out", options(Counting(asked), store=store_url))
    assert not whole.stopped
    assert set(asked.values()) == {1}


class Waiting(Counting):
    """A teacher that answers nobody before it is told to."""

    def __init__(self, asked: Counter[str] | None = None) -> None:
        super().__init__(asked)
        self.go_on = asyncio.Event()

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Wait, and answer."""
        await self.go_on.wait()
        return await super().ask(request, on_delta)


async def test_a_worker_takes_documents_that_a_build_has_not_begun(
    tmp_path: Path, docs: Path, store_url: str, store: Store
) -> None:
    asked = Counter[str]()
    slow = Waiting(asked)

    class Helping(Counting):
        async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
            slow.go_on.set()
            return await super().ask(request, on_delta)

    helping = asyncio.ensure_future(work(store_url, options(Helping(asked))))
    report = await build(docs, tmp_path / "0" / "out", options(slow, store=store_url, n_documents=1))
    helping.cancel()
    await asyncio.wait({helping})
    assert not report.stopped
    assert set(asked.values()) == {1}
    taken = await drivers(store)
    assert {len(times) for times in taken.values()} == {1}
    assert len({driver for times in taken.values() for driver in times}) == 2
    assert contents(tmp_path / "0" / "out", without=WRITTEN) == await alone(tmp_path, docs)


async def test_what_a_killed_worker_was_doing_is_done_by_another(
    tmp_path: Path, docs: Path, store_url: str, store: Store
) -> None:
    ours = Waiting()
    out = tmp_path / "0" / "out"
    with serving() as url:
        building = asyncio.ensure_future(build(docs, out, options(ours, store=store_url, n_documents=1)))
        with worker(tmp_path, store_url, url) as other:
            await asyncio.to_thread(_wait_for_calls, url)
            other.kill()
            other.wait()
        ours.go_on.set()
        report = await building
        theirs = served(url)
    assert not report.stopped
    taken = await drivers(store)
    assert max(len(times) for times in taken.values()) == 2
    assert theirs["model_calls"] > 0
    assert set(ours.asked.values()) == {1}
    assert contents(out, without=WRITTEN) == await alone(tmp_path, docs)


def _wait_for_calls(url: str) -> None:
    while not served(url)["model_calls"]:
        pass
