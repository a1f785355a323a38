"""Stores that cannot take anything just now, locked or full: an error that says so, and then it goes on."""

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring import Agent, tool, use
from mainspring.core import FakeClock
from mainspring.core.errors import JournalUnavailable
from mainspring.core.events import ToolReturned
from mainspring.runs import writer
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import Tally, agent, faulty, opened


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon."""
    monkeypatch.setattr(writer, "FIRST_PAUSE_S", 0.001)


class Room:
    """How large the databases of a test may become."""

    def __init__(self) -> None:
        self.n_pages = 1_000_000
        self.connections: list[sqlite3.Connection] = []

    def limit(self, n_pages: int) -> None:
        """Give all databases so much room."""
        self.n_pages = n_pages
        for connection in self.connections:
            connection.execute(f"PRAGMA max_page_count = {n_pages}")


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """Limit the size of databases."""
    found, connect = Room(), sqlite3.connect

    def limited(path: str, **given: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(path, check_same_thread=False, **given)
        connection.execute(f"PRAGMA max_page_count = {found.n_pages}")
        found.connections.append(connection)
        return connection

    monkeypatch.setattr(sqlite3, "connect", limited)
    return found


def reading(tally: Tally) -> Callable[..., object]:
    """Make a tool that gives more than fits."""

    @tool(effect="fetch", max_result_chars=1_000_000)
    def read() -> str:
        """Read."""
        tally.count()
        return "long " * 100_000

    return read


def reader(tally: Tally) -> Agent:
    """Make an agent that reads more than fits."""
    return agent([use("read"), "done"], reading(tally))


async def test_a_locked_store_takes_no_run_and_takes_it_when_it_is_released(tmp_path: Path) -> None:
    helper = agent(["hello"])
    async with faulty(tmp_path / "runs.db", lock_timeout_s=0.01) as store, opened(store) as runs:
        other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="another process has locked it for too long"):
            await runs.start(helper, "hi", id="greeting")
        other.execute("ROLLBACK")
        other.close()
        assert (await (await runs.start(helper, "hi", id="greeting")).result()).output == "hello"


async def test_a_run_whose_store_is_locked_in_the_middle_goes_on_when_it_is_released(tmp_path: Path) -> None:
    tally = Tally()
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None, check_same_thread=False)

    @tool(effect="money", in_doubt="ask")
    def pay() -> str:
        """Pay."""
        tally.count()
        other.execute("BEGIN IMMEDIATE")
        return "paid"

    async with faulty(tmp_path / "runs.db", lock_timeout_s=0.01) as store, opened(store) as runs:
        run = await runs.start(agent([use("pay"), "done"], pay), "go")
        await store.refused.wait()
        other.execute("ROLLBACK")
        result = await run.result()
    other.close()
    assert result.output == "done"
    assert len(tally.keys) == 1


async def test_a_full_disk_is_waited_for_and_nothing_is_done_twice(tmp_path: Path, room: Room) -> None:
    tally = Tally()
    async with faulty(tmp_path / "runs.db") as store, opened(store) as runs:
        room.limit(20)
        run = await runs.start(reader(tally), "go")
        await store.refused.wait()
        room.limit(1_000_000)
        result = await run.result()
    assert result.output == "done"
    assert len(tally.keys) == 1


async def test_a_disk_that_stays_full_is_an_error_and_the_same_command_goes_on_when_there_is_room(
    tmp_path: Path, room: Room
) -> None:
    clock, tally = FakeClock(1000.0), Tally()
    helper = reader(tally)
    async with opened(tmp_path / "runs.db", clock=clock, patience_s=0.0) as runs:
        room.limit(20)
        run = await runs.start(helper, "go", id="daily")
        with pytest.raises(JournalUnavailable, match="the disk is full; make room, and what was begun goes on"):
            await run.result()
        room.connections.clear()
    room.n_pages = 1_000_000
    clock.advance(3600.0)
    async with opened(tmp_path / "runs.db", clock=clock, seed=1) as runs:
        result = await (await runs.start(helper, "go", id="daily")).result()
    assert result.output == "done"
    assert len(set(tally.keys)) == 1
    assert [request.turn for request in asked(helper)] == [0, 1]


async def test_a_full_disk_takes_no_run(tmp_path: Path, room: Room) -> None:
    async with opened(tmp_path / "runs.db") as runs:
        room.limit(1)
        with pytest.raises(JournalUnavailable, match="the disk is full"):
            await runs.start(agent(["hello"], instructions="long " * 100_000), "hi", id="greeting")
        room.limit(1_000_000)
        assert await runs.find() == []


async def test_a_very_long_result_is_kept_whole(tmp_path: Path) -> None:
    @tool(effect="fetch")
    def read() -> str:
        """Read."""
        return "0123456789" * 2_000_000

    async with opened(tmp_path / "runs.db") as runs:
        result = await (await runs.start(agent([use("read"), "done"], read), "go")).result()
    (returned,) = only(ToolReturned, result.events)
    assert returned.result.whole == hashlib.sha256(b"0123456789" * 2_000_000).hexdigest()
    assert len(result.contents[returned.result.whole]) == 20_000_000
    assert len(returned.result.text) < 20_000


async def test_a_very_long_result_may_be_told_whole(tmp_path: Path) -> None:
    @tool(effect="fetch", max_result_chars=20_000_000)
    def read() -> str:
        """Read."""
        return "0123456789" * 2_000_000

    async with opened(tmp_path / "runs.db") as runs:
        run = await runs.start(agent([use("read"), "done"], read), "go")
        await run.result()
        (returned,) = only(ToolReturned, await run.events())
    assert len(returned.result.text) == 20_000_000
