"""Files that are no store, are damaged, or were written by a newer Mainspring: errors that say so, and no harm."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from mainspring import use
from mainspring.core import FakeClock
from mainspring.core.errors import EventVersionError, JournalError
from mainspring.runs import open_runs
from mainspring.tools import ask_human
from tests.unit.runs.making import agent, opened, the_question

SQL = Callable[[sqlite3.Connection], object]


def changed(path: Path, change: SQL) -> None:
    """Change a store's file behind its back."""
    connection = sqlite3.connect(path)
    with connection:
        change(connection)
    connection.close()


async def waiting(path: Path) -> str:
    """Make a store with a run that waits for an answer; give the run's id."""
    async with opened(path) as runs:
        run = await runs.start(agent([use("ask_human", question="?"), "done"], ask_human()), "go")
        await the_question(run)
    return run.id


async def test_a_store_in_a_folder_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="check that the folder is there"):
        async with open_runs(str(tmp_path / "nosuch" / "runs.db")):
            pass
    assert not os.listdir(tmp_path)  # noqa: PTH208 - nobody else waits


async def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be opened"):
        async with open_runs(str(tmp_path)):
            pass


async def test_another_file_is_no_store_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, and nothing else. " * 100)
    with pytest.raises(JournalError, match=r"notes\.txt.*is no SQLite database; give the store another name"):
        async with open_runs(str(path)):
            pass
    assert path.read_text().startswith("These are notes")


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    path.touch()
    async with opened(path) as runs:
        assert (await (await runs.start(agent(["hello"]), "hi")).result()).output == "hello"


async def test_a_store_that_may_only_be_read_cannot_take_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.db"
    async with opened(path) as runs:
        await (await runs.start(agent(["hello"]), "hi", id="greeting")).result()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda _, **given: connect(f"file:{path}?mode=ro", uri=True, **given))
    with pytest.raises(JournalError, match="cannot be written to; check the rights of the file"):
        async with opened(path) as runs:
            await runs.start(agent(["hello"]), "hi")


async def test_tables_of_a_newer_mainspring_are_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    await waiting(path)
    changed(path, lambda db: db.execute("PRAGMA user_version = 99"))
    with pytest.raises(JournalError, match=r"written by a newer Mainspring \(its tables have version 99"):
        async with open_runs(str(path)):
            pass


async def test_events_of_a_newer_mainspring_are_not_read_and_the_run_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    run_id = await waiting(path)

    def renumber(db: sqlite3.Connection) -> None:
        db.execute("UPDATE events SET body = json_set(body, '$.version', 99) WHERE type = 'model_replied'")
        db.execute("UPDATE runs SET status = 'pending'")

    changed(path, renumber)
    helper = agent([use("ask_human", question="?"), "done"], ask_human())
    async with opened(path, helper, seed=1) as runs:
        run = await runs.get(run_id)
        with pytest.raises(EventVersionError, match="'model_replied' version 99 is not known here"):
            await run.result()
        with pytest.raises(EventVersionError):
            async for _ in run.stream():
                pass
        assert (await run.row()).status == "pending"
        assert (await (await runs.start(agent(["hello"], name="other"), "hi")).result()).output == "hello"


@pytest.mark.parametrize("table", ["events", "contents"])
async def test_a_damaged_page_is_an_error_of_the_runs_that_need_it(tmp_path: Path, table: str) -> None:
    path = tmp_path / "runs.db"
    run_id = await waiting(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    changed_status = FakeClock(1e6)
    helper = agent([use("ask_human", question="?"), "done"], ask_human())
    async with opened(path, helper, clock=changed_status, seed=1) as runs:
        run = await runs.get(run_id)
        with pytest.raises(
            JournalError, match=r"is damaged; restore a copy, or save what can be read with `sqlite3"
        ):
            await run.events()
        with pytest.raises(JournalError, match="is damaged"):
            await run.result()


async def test_a_journal_without_its_beginning_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    run_id = await waiting(path)

    def behead(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM events WHERE seq = 0")
        db.execute("UPDATE runs SET status = 'pending'")

    changed(path, behead)
    async with opened(path, agent([]), seed=1) as runs:
        with pytest.raises(JournalError, match="lacks its beginning; the store is damaged"):
            await (await runs.get(run_id)).result()


async def test_content_that_is_missing_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    run_id = await waiting(path)
    changed(path, lambda db: db.execute("DELETE FROM contents"))
    async with opened(path, seed=1) as runs:
        with pytest.raises(JournalError, match="of an event is missing; the store is damaged"):
            await (await runs.get(run_id)).events()
