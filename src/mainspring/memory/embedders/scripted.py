"""An embedder that takes for the same what a test tells it to: deterministic, free and offline."""

from collections.abc import Iterable, Sequence
from typing import Final

from mainspring.memory.embedder import Vector
from mainspring.memory.words import words_of

FLOOR: Final = 0.5


class ScriptedEmbedder:
    """Tells texts apart by groups of words; a text lies in the direction of each group that it has a word of.

    Args:
        meanings: The groups: words that mean the same. A text without any of them is near nothing.
        digest: The name of its space; another one makes vectors anew.
    """

    floor: float = FLOOR

    def __init__(self, meanings: Iterable[Iterable[str]], digest: str = "scripted") -> None:
        self.digest: str = digest
        self.texts: list[str] = []
        """Every text so far, in order."""
        self._meanings = [frozenset(word for text in group for word in words_of(text)) for group in meanings]

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Give a number for each group: whether the text has a word of it."""
        self.texts += texts
        return [[float(not group.isdisjoint(words_of(text))) for group in self._meanings] for text in texts]
