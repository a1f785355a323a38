"""From a question to the notes that fit, over whatever database: by words, by other rankers, then ranked."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from mainspring.memory.embedder import Embedder
from mainspring.memory.note import Scope
from mainspring.memory.ranking import Candidate, best, fused, relevance
from mainspring.memory.store import Found, Ranker
from mainspring.memory.words import question_words

if TYPE_CHECKING:
    from mainspring.memory.meaning import Vectors

N_CANDIDATES: Final = 50
"""How many notes are looked at closely."""


class Index(Protocol):
    """What a database has to answer; notes that have expired are none."""

    async def by_words(self, words: Sequence[str], scopes: Collection[Scope], now: float) -> list[Candidate]:
        """Give the `N_CANDIDATES` notes with most of the words."""
        ...

    async def by_ids(self, ids: Collection[str], scopes: Collection[Scope], now: float) -> list[Candidate]:
        """Give those of some notes that are in the scopes."""
        ...

    async def count_use(self, ids: Collection[str]) -> None:
        """Count that notes were found, if that can be done at once; nobody depends on it."""
        ...


def rankers_of(store: "Vectors", rankers: Sequence[Ranker], embedder: Embedder | None) -> tuple[Ranker, ...]:
    """Give all that finds notes besides their words, for a store that keeps vectors.

    Raises:
        ConfigError: There is an embedder, and the package that compares vectors is missing.
    """
    if embedder is None:
        return tuple(rankers)
    from mainspring.memory.meaning import ByMeaning

    return (*rankers, ByMeaning(store, embedder))


async def searched(
    index: Index, query: str, scopes: Collection[Scope], *, limit: int, rankers: Sequence[Ranker], now: float
) -> list[Found]:
    """Give the notes that fit, the best first, and count them as used."""
    words = question_words(query)
    candidates = await index.by_words(words, scopes, now) if words and scopes else []
    fitting = relevance(candidates, len(words))
    if rankers and scopes:
        rankings = [await ranker.rank(query, tuple(scopes), N_CANDIDATES) for ranker in rankers]
        known = {candidate.note.id for candidate in candidates}
        others = {name for ranking in rankings for name in ranking} - known
        candidates = candidates + (await index.by_ids(others, scopes, now) if others else [])
        fitting = fused([fitting, *rankings])
    found = best(candidates, fitting, now=now, limit=limit)
    if found:
        await index.count_use([item.note.id for item in found])
    return found
