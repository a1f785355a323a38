"""A store that is opened for each call: what is kept by one command is known to the next."""

from pathlib import Path

import pytest

from mainspring.agent import run_in_new_loop
from mainspring.core.errors import ConfigError
from mainspring.memory import Filter, MemoryStore, ScriptedEmbedder, memory_at
from tests.unit.memory.keeping import ADA, say


def test_notes_are_kept_and_found_from_any_event_loop(tmp_path: Path) -> None:
    store = memory_at(tmp_path / "memory.db", embedder=ScriptedEmbedder([["sit", "bench"]]))
    note = run_in_new_loop(store.add(say("Ada wants a bench")))
    assert [item.note for item in run_in_new_loop(store.search("to sit", [ADA]))] == [note]
    assert run_in_new_loop(store.find(Filter(scopes=[ADA]))) == [note]
    assert run_in_new_loop(store.forget([ADA])) == 1
    run_in_new_loop(store.close())
    assert run_in_new_loop(everything(store)) == []


def test_notes_in_memory_would_be_gone_after_each_call_and_so_are_refused() -> None:
    with pytest.raises(ConfigError, match="would be gone after each call"):
        memory_at(":memory:")


async def everything(store: MemoryStore) -> object:
    """Give all notes."""
    return await store.find(Filter(scopes=[ADA]))
