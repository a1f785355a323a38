"""Measures how quickly near duplicates are found among texts of forty words, how many of them, and in what memory.

    planted   = one text in eleven: an earlier one with every tenth word, at a random place, another one
    recall    = share of the planted that are as similar as the threshold asks and were found
    precision = share of the found that were planted

What a text costs is CPU of `Duplicates.add` alone; the texts are made beforehand, a thousand at a time. Memory is
what the process has grown by, so the largest size comes last. Linux only. Needs the `data` extra.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.environments import machine
from mainspring.data.cleaning import Duplicates
from mainspring.data.cleaning.duplicates import THRESHOLD
from mainspring.data.cleaning.shingles import char_shingles, jaccard, normalised

SIZES: Final = (2_000, 100_000)
N_WORDS: Final = 40
N_CHANGED: Final = 4
PLANTED_EVERY: Final = 11
VOCABULARY: Final = 20_000
BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What one size took and gave."""

    docs_per_cpu_s: float
    recall: float
    precision: float
    n_planted: int
    """Those that are similar enough."""
    kb_per_doc: float


class Texts:
    """Texts that are made anew whenever they are asked for, so that they take no memory."""

    def __init__(self) -> None:
        rng = random.Random(1)
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        weights = [1 / (place + 2) for place in range(len(letters))]
        self._words = ["".join(rng.choices(letters, weights, k=rng.randint(2, 10))) for _ in range(VOCABULARY)]
        self._cumulated: list[float] = []
        total = 0.0
        for place in range(VOCABULARY):  # Zipf's law, as in texts of people
            total += 1 / (place + 10)
            self._cumulated.append(total)

    def at(self, number: int) -> str:
        """Make a text."""
        rng = random.Random(number)
        if (source := self.source_of(number)) is None:
            return " ".join(rng.choices(self._words, cum_weights=self._cumulated, k=N_WORDS))
        words = self.at(source).split()
        for place in rng.sample(range(N_WORDS), N_CHANGED):
            words[place] = rng.choice(self._words)
        return " ".join(words)

    def source_of(self, number: int) -> int | None:
        """Give what a planted text was made of."""
        if number % PLANTED_EVERY != PLANTED_EVERY - 1:
            return None
        source = random.Random(-number).randrange(number)
        return source - (source % PLANTED_EVERY == PLANTED_EVERY - 1)


def main() -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of texts, the largest last")
    arguments = parser.parse_args()
    texts = Texts()
    taken = {n_texts: measured(texts, n_texts) for n_texts in arguments.sizes}
    if arguments.json:
        sizes = {f"{n_texts}": asdict(figures) for n_texts, figures in taken.items()}
        print(json.dumps({"near_duplicates": sizes, "threshold": THRESHOLD, "machine": machine()}, indent=2))
        return
    Console(width=110).print(as_table(taken))


def measure(n_texts: int = SIZES[0]) -> dict[str, float]:
    """Give the figures of one size by their names."""
    return asdict(measured(Texts(), n_texts))


def measured(texts: Texts, n_texts: int) -> Figures:
    """Put so many texts to one `Duplicates`."""
    known, rss_kb, cpu_s = Duplicates(), memory_kb(), 0.0
    found: dict[int, str] = {}
    for batch in batches(texts, n_texts):
        started_s = time.process_time()
        matches = [(number, known.add(f"{number}", text)) for number, text in batch]
        cpu_s += time.process_time() - started_s
        found |= {number: match.id for number, match in matches if match}
    grown_kb = memory_kb() - rss_kb
    planted = {number: source for number in range(n_texts) if (source := texts.source_of(number)) is not None}
    wanted = {number for number, source in planted.items() if similarity(texts, number, source) >= THRESHOLD}
    right = {number for number, id_ in found.items() if f"{planted.get(number)}" == id_}
    return Figures(
        docs_per_cpu_s=round(n_texts / cpu_s),
        recall=round(len(wanted & right) / len(wanted), 4),
        precision=round(len(right) / len(found), 4),
        n_planted=len(wanted),
        kb_per_doc=round(grown_kb / n_texts, 2),
    )


def batches(texts: Texts, n_texts: int) -> Iterator[list[tuple[int, str]]]:
    """Make the texts, a thousand at a time."""
    for start in range(0, n_texts, BATCH):
        yield [(number, texts.at(number)) for number in range(start, min(start + BATCH, n_texts))]


def similarity(texts: Texts, number: int, source: int) -> float:
    """Give the exact similarity of a planted text and what it was made of."""
    return jaccard(*(char_shingles(normalised(texts.at(place))) for place in (number, source)))


def memory_kb() -> int:
    """Give the memory that this process has."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def as_table(taken: dict[int, Figures]) -> Table:
    """Show the figures, a line for each size."""
    table = Table("texts", "per CPU second", "recall", "precision", "planted", "kB a text", title="near duplicates")
    for n_texts, figures in taken.items():
        table.add_row(f"{n_texts:,}", *(str(value) for value in asdict(figures).values()))
    return table


if __name__ == "__main__":
    main()
