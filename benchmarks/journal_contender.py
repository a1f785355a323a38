"""What a contender of `journal.py` is: something that runs an agent, and keeps what came of each of its effects.

Also holds what all adapters share, so that every one of them does the same work. A run of N steps asks the model,
reads a page, N times over, and then answers: 2 N + 1 effects.
"""

import random
import string
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

INSTRUCTIONS = "You read."
ANSWER = "done"
PAGE_CHARS = 4096

_random = random.Random(7)
_WORDS = " ".join("".join(_random.choices(string.ascii_lowercase, k=7)) for _ in range(PAGE_CHARS // 4))
_n_read = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A store that is open, and the agent whose runs it keeps."""

    run: Callable[[str, int], Awaitable[str]]
    """Makes a run of that id and number of steps, to the end, and gives its answer."""
    n_effects: Callable[[str], Awaitable[int]]
    """Counts the effects of a run of that id whose outcome is kept."""


@dataclass(frozen=True, slots=True)
class Contender:
    """What is measured of a contender."""

    opened: Callable[[Path], AbstractAsyncContextManager[Kept]]
    """Opens a new store, in an empty folder where it is a file."""
    n_runs: tuple[int, ...] = (1, 50, 200)
    """How many runs at once."""
    file: str | None = None
    """What the store's file is called, where its size is measured."""
    resume: Callable[[Path], Awaitable[dict[str, float]]] | None = None
    """Measures how a run is taken up again."""


def page(name: str) -> str:
    """Give 4 KB of text that no other page has."""
    global _n_read  # noqa: PLW0603 - the tally of this process
    _n_read += 1
    start = zlib.crc32(name.encode()) % PAGE_CHARS
    return f"{name} {_WORDS[start:]}"[:PAGE_CHARS]


def n_pages_read() -> int:
    """Count the pages that were read in this process."""
    return _n_read


def question(run: str, n_steps: int) -> str:
    """Put the script into what the agent is asked."""
    return f"{run} {n_steps}"


def asked(text: str) -> tuple[str, int]:
    """Read the script from what the agent was asked: the run's id, and how many pages it has to read."""
    run, n_steps = text.split()
    return run, int(n_steps)
