"""Stores of notes that cannot do what they are asked: errors that say why, and no harm."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mainspring.core import FakeClock
from mainspring.core.errors import ConfigError, MemoryStoreError
from mainspring.memory import Filter, NewNote, Scope, open_memory
from mainspring.memory.stores.sqlite import open_sqlite
from tests.unit.memory.keeping import ADA, kept, say


async def test_a_locked_store_says_so_is_searched_all_the_same_and_works_when_it_is_released(
    tmp_path: Path,
) -> None:
    path = tmp_path / "memory.db"
    store = await open_sqlite(path, lock_timeout_s=0.01)
    await store.add(say("teak chairs"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(MemoryStoreError, match="another process has locked it for too long; see who holds it"):
            await store.add(say("oak chairs"))
        assert [found.note.text for found in await store.search("teak", [ADA])] == ["teak chairs"]
        other.execute("ROLLBACK")
    await store.add(say("oak chairs"))
    assert len(await kept(store)) == 2
    await store.close()


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Limit how many pages databases may have."""
    connections, connect = [], sqlite3.connect

    def opened(path: str, **given: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(path, check_same_thread=False, **given)
        connections.append(connection)
        return connection

    def limited(n_pages: int) -> None:
        for connection in connections:
            connection.execute(f"PRAGMA max_page_count = {n_pages}")

    monkeypatch.setattr(sqlite3, "connect", opened)
    return limited


async def test_a_full_disk_is_told_of_and_nothing_is_half_written(
    tmp_path: Path, limit: Callable[[int], None]
) -> None:
    async with open_memory(tmp_path / "memory.db") as store:
        limit(1)
        many = [store.add(say(f"{number} " + "teak " * 300)) for number in range(100)]
        told = await asyncio.gather(*many, return_exceptions=True)
        errors = [str(error) for error in told if isinstance(error, MemoryStoreError)]
        n_written = len(await kept(store))
        assert 0 < len(errors) == 100 - n_written
        assert all("the disk is full; make room" in error for error in errors)
        limit(1_000_000)
        await store.add(say("oak"))
        assert len(await kept(store)) == n_written + 1


async def test_a_folder_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(MemoryStoreError, match="check that the folder is there"):
        async with open_memory(tmp_path / "nosuch" / "memory.db"):
            pass


async def test_another_file_is_no_store_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, and nothing else. " * 100)
    with pytest.raises(MemoryStoreError, match=r"notes\.txt.*is no SQLite database; give the store another name"):
        async with open_memory(path):
            pass
    assert path.read_text().startswith("These are notes")


async def test_a_server_that_is_not_there_is_told_of_without_the_password() -> None:
    with pytest.raises(MemoryStoreError, match=r"cannot be reached.*see that the server runs") as caught:
        async with open_memory("postgresql://ada:never-shown@127.0.0.1:1/notes"):
            pass
    assert "never-shown" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


async def test_words_that_are_no_address_are_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        async with open_memory("postgresql://ada:never-shown@db:port:5/notes?nonsense"):
            pass
    with pytest.raises(ConfigError, match="has no name"):
        async with open_memory(""):
            pass


async def test_notes_may_be_kept_in_the_file_of_the_runs(tmp_path: Path) -> None:
    from mainspring.runs import open_runs

    path = tmp_path / "mainspring.db"
    async with open_runs(str(path)), open_memory(f"sqlite:///{path}") as store:
        await store.add(say("teak chairs"))
    async with open_memory(path) as store, open_runs(str(path)) as runs:
        assert await runs.find() == []
        assert [note.text for note in await kept(store)] == ["teak chairs"]


async def test_an_open_store_is_given_as_it_is_and_stays_open() -> None:
    async with open_memory(":memory:", clock=FakeClock()) as store:
        async with open_memory(store) as same:
            assert same is store
        assert await store.find(Filter(scopes=[ADA])) == []


@pytest.mark.parametrize("text", ["", " \n", "x" * 2001])
def test_a_note_that_says_nothing_or_is_a_document_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match="a note"):
        NewNote(text=text, scope=ADA)


def test_a_scope_is_somebodys() -> None:
    with pytest.raises(ConfigError, match="for an agent, a user or both"):
        Scope(agent="", user=None)
