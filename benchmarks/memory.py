"""Measures what a search of notes finds, by words, by meaning and by both, and what comparing vectors takes.

README.md says what the figures mean. Needs the `embeddings` extra, and fetches its model at the first run.
"""

import argparse
import asyncio
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.environments import machine
from benchmarks.memory_notes import NOTES, PARAPHRASED, UNANSWERED, WORDED
from mainspring.core import USER
from mainspring.memory import NewNote, Scope, Vector, open_embedder, open_memory
from mainspring.memory.embedders import MINILM
from mainspring.memory.meaning import ByMeaning
from mainspring.memory.stores.sqlite import SqliteMemory, open_sqlite

ADA: Final = Scope(user="ada")
N_FOUND: Final = 3
SIZES: Final = (1_000, 10_000, 30_000)
N_SEARCHES: Final = 20
DIMENSIONS: Final = 384

Search = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the ids of the first notes that fit."""


@dataclass(frozen=True, slots=True)
class Chance:
    """Gives each text a direction by chance, at no cost: what is left is the search itself."""

    digest: str = "chance"
    floor: float = 0.1

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Give a vector for each text."""
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in texts]
        return [np.random.default_rng(seed).standard_normal(DIMENSIONS).tolist() for seed in seeds]


def main() -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--recall-only", action="store_true", help="leave the times out")
    arguments = parser.parse_args()
    document: dict[str, object] = {**asyncio.run(recall()), "machine": machine(), "n_notes": len(NOTES)}
    if not arguments.recall_only:
        document |= {"times": asyncio.run(times())}
    if arguments.json:
        print(json.dumps(document, indent=2))
        return
    console = Console(width=120)
    for title in ("recall", "times"):
        if isinstance(rows := document.get(title), dict):
            console.print(as_table(title, rows))
    for way, missed in document["missed"].items() if isinstance(document["missed"], dict) else ():
        console.print(f"{way} misses: {', '.join(missed)}", highlight=False)


async def recall() -> dict[str, object]:
    """Count how often the right note is among the first three, and what is given where none is right."""
    embedder = open_embedder(MINILM)
    figures: dict[str, dict[str, float]] = {}
    missed: dict[str, list[str]] = {}
    async with open_memory(":memory:") as plain, open_memory(":memory:", embedder=embedder) as both:
        assert isinstance(both, SqliteMemory)
        ranker = ByMeaning(both, embedder)
        texts = {(await store.add(say(text))).id: name for store in (plain, both) for name, text in NOTES.items()}

        async def by_meaning(question: str) -> list[str]:
            return [texts[name] for name in await ranker.rank(question, (ADA,), N_FOUND)]

        async def by_words(question: str) -> list[str]:
            return [texts[item.note.id] for item in await plain.search(question, [ADA], N_FOUND)]

        async def by_both(question: str) -> list[str]:
            return [texts[item.note.id] for item in await both.search(question, [ADA], N_FOUND)]

        for way, search in (("words", by_words), ("meaning", by_meaning), ("both", by_both)):
            figures[way], missed[way] = await judged(search)
    return {"recall": figures, "missed": missed}


async def judged(search: Search) -> tuple[dict[str, float], list[str]]:
    """Put all questions to one way of searching; give its figures, and the paraphrases whose note it missed."""
    missed: dict[str, list[str]] = {"paraphrased": [], "worded": []}
    for kind, questions in (("paraphrased", PARAPHRASED), ("worded", WORDED)):
        for question, wanted in questions:
            if wanted not in await search(question):
                missed[kind].append(question)
    given = [len(await search(question)) for question in UNANSWERED]
    return {
        "paraphrased_recall_at_3": round(1 - len(missed["paraphrased"]) / len(PARAPHRASED), 3),
        "worded_recall_at_3": round(1 - len(missed["worded"]) / len(WORDED), 3),
        "notes_where_none_fits": round(statistics.mean(given), 2),
    }, missed["paraphrased"]


async def times() -> dict[str, dict[str, float]]:
    """Measure searches over many notes in a file, and what embedding one note and one question takes."""
    taken: dict[str, dict[str, float]] = {}
    for n_notes in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            taken[f"{n_notes} notes"] = await times_of(n_notes, Path(folder))
    embedder = open_embedder(MINILM)
    await embedder.embed(["warm"])
    taken["minilm"] = {
        "embed_note_ms": await median_ms(lambda number: embedder.embed([f"{NOTES['late']} {number}"]))
    }
    return taken


async def times_of(n_notes: int, folder: Path) -> dict[str, float]:
    """Measure searches over so many notes, by words alone and by both."""
    path, chance = folder / "memory.db", Chance()
    async with open_memory(path) as plain:
        for number in range(n_notes):
            await plain.add(say(f"note {number} of a chair in shop {number % 97}"))
        by_words = await median_ms(lambda number: plain.search(f"shop {number}", [ADA]))
    async with open_memory(path, embedder=chance) as both:
        started_s = time.perf_counter()
        await both.search("warm", [ADA])
        first_s = time.perf_counter() - started_s
        by_both = await median_ms(lambda number: both.search(f"shop {number}", [ADA]))
    store = await open_sqlite(path)
    ranker = ByMeaning(store, chance)
    by_meaning = await median_ms(lambda number: ranker.rank(f"shop {number}", (ADA,), N_FOUND))
    await store.close()
    return {"words_ms": by_words, "meaning_ms": by_meaning, "both_ms": by_both, "first_s": round(first_s, 2)}


async def median_ms(act: Callable[[int], Awaitable[object]]) -> float:
    """Give the median time of some calls."""
    taken_s: list[float] = []
    for number in range(N_SEARCHES):
        started_s = time.perf_counter()
        await act(number)
        taken_s.append(time.perf_counter() - started_s)
    return round(1000 * statistics.median(taken_s), 2)


def say(text: str) -> NewNote:
    """Make a note of what Ada said."""
    return NewNote(text=text, scope=ADA, label=USER)


def as_table(title: str, rows: dict[str, dict[str, float]]) -> Table:
    """Show figures, a line for each way of searching or each size."""
    keys = list(dict.fromkeys(key for row in rows.values() for key in row))
    table = Table("", *keys, title=title)
    for name, row in rows.items():
        table.add_row(name, *(str(row.get(key, "")) for key in keys))
    return table


if __name__ == "__main__":
    main()
