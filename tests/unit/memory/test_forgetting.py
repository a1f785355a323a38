"""What is forgotten is gone: no byte of its words is left in the file, the log or the index."""

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from mainspring.core import USER
from mainspring.memory import Filter, MemoryStore, NewNote, Scope, Vector, open_memory
from mainspring.memory.stores.sqlite import SqliteMemory

ADA, BOB = Scope(user="ada"), Scope(user="bob")


async def filled(store: MemoryStore, seed: int) -> list[str]:
    """Add notes of two users of all lengths, and give the words that only Ada's have."""
    rng, words = random.Random(seed), []  # noqa: S311 - repeatable on purpose, guards nothing
    for number in range(120):
        if number % 3:
            other = " ".join("".join(rng.choices("aeioulmn", k=6)) for _ in range(rng.randint(1, 200)))
            await store.add(NewNote(text=f"note {number} {other}", scope=BOB, label=USER))
        else:
            words.append("".join(rng.choices("bcdfghjk", k=14)))
            text = f"{words[-1]} and more {number} " + "lorem " * rng.randint(0, 200)
            await store.add(NewNote(text=text, scope=ADA, label=USER))
        if number % 10 == 0:
            await store.search("more", [ADA])
    return words


def left(path: Path, words: list[str]) -> list[str]:
    """Give those words of which the end, which no index shortens, is in the database's files."""
    held = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    return [word for word in words if word[4:].encode() in held]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("one_by_one", [True, False])
async def test_no_byte_of_what_was_forgotten_is_left(tmp_path: Path, seed: int, one_by_one: bool) -> None:
    path = tmp_path / "memory.db"
    async with open_memory(path) as store:
        words = await filled(store, seed)
        assert left(path, words) == words
        if one_by_one:
            for note in await store.find(Filter(scopes=[ADA], limit=None)):
                assert await store.forget([ADA], [note.id]) == 1
        else:
            assert await store.forget([ADA]) == len(words)
        assert left(path, words) == []
        assert len(await store.find(Filter(scopes=[BOB], limit=None))) == 80
    with closing(sqlite3.connect(path)) as db:
        db.execute("VACUUM")
        db.execute("INSERT INTO memory_words (memory_words, rank) VALUES ('integrity-check', 1)")
    assert left(path, words) == []


async def test_the_index_agrees_with_the_notes_after_all_kinds_of_changes(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    async with open_memory(path) as store:
        words = await filled(store, seed=0)
        note = (await store.search(words[0], [ADA]))[0].note
        await store.add(NewNote(text=note.text.upper(), scope=ADA, kind="lesson"))
        await store.add(NewNote(text="soon gone", scope=ADA, expires_at=0.0))
        await store.add(NewNote(text="sweeps", scope=ADA))
        await store.forget([ADA], [note.id])
        assert await store.search(words[0], [ADA]) == []
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO memory_words (memory_words, rank) VALUES ('integrity-check', 1)")
        (n_notes,) = db.execute("SELECT count(*) FROM memory_notes").fetchone()
    assert n_notes == 120


class Anywhere:
    """Gives each text a direction of its own."""

    digest, floor = "anywhere", 0.1

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Give vectors by chance, the same for the same text."""
        chances = [random.Random(text) for text in texts]  # noqa: S311 - repeatable on purpose, guards nothing
        return [[chance.gauss() for _ in range(384)] for chance in chances]


async def test_no_byte_of_a_vector_is_left_after_its_note_was_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    async with open_memory(path, embedder=Anywhere()) as store:
        assert isinstance(store, SqliteMemory)
        await filled(store, seed=0)
        await store.search("more", [ADA, BOB])
        vectors = [vector[:64] for vector in (await store.vectors("anywhere", [ADA])).values()]
        assert len(vectors) == 40
        assert held(path, vectors) == vectors
        await store.forget([ADA])
        assert held(path, vectors) == []
        assert len(await store.vectors("anywhere", [BOB])) == 80


def held(path: Path, pieces: list[bytes]) -> list[bytes]:
    """Give those pieces that are in the database's files."""
    whole = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    return [piece for piece in pieces if piece in whole]
