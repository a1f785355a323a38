"""What tests of runs with real processes share: stores of each kind, and workers for the price of a fork."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mainspring.runs import Runs, Settings, open_runs
from tests.e2e.crash.nursery import Nursery


@pytest.fixture(scope="session")
def nurseries() -> Iterator[list[Nursery]]:
    """Start workers, two at a time."""
    with Nursery() as one, Nursery() as other:
        yield [one, other]


@pytest.fixture
def nursery(nurseries: list[Nursery]) -> Nursery:
    """Start workers."""
    return nurseries[0]


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty store of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "runs.db")
    given: str = request.getfixturevalue("postgres_url")
    return given


@pytest.fixture
async def onlooker(store_url: str) -> AsyncIterator[Runs]:
    """Look at the store, and answer what is asked there, without driving anything."""
    async with open_runs(store_url, settings=Settings(work=False)) as runs:
        yield runs
