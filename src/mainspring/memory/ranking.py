"""How well notes fit.

    share     = words of the question that the note has / words of the question, of which 6 are enough
    relevance = 0.75 · share + 0.25 · the database's own rank / that of the best
    score     = relevance · (1 + 0.10 · 0.5 ^ (age / 30 days) + 0.05 · uses / (uses + 5))

The database's rank is bm25 (SQLite) or `ts_rank_cd` (PostgreSQL); neither says whether a note fits at all, as the
share does. A note with less than a fifth of the words is left out: one word is enough for a question of up to five,
and two for any. What was said lately or used often is ahead of what fits equally well, and hardly ever of what fits
better.

Where there are rankers besides the words, relevance is the reciprocal rank fusion of all (Cormack, Clarke and
Büttcher, SIGIR 2009), over what the first of every ranking has: the mean of 61 / (60 + place).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mainspring.memory.note import Note
from mainspring.memory.store import Found

FLOOR: Final = 0.2
"""The least share of the question's words."""
_ENOUGH_WORDS: Final = 6
_SHARE_WEIGHT: Final = 0.75
_RECENCY_WEIGHT: Final = 0.10
_HALF_LIFE_S: Final = 30 * 86_400.0
_USE_WEIGHT: Final = 0.05
_HALF_USED: Final = 5
_FUSION: Final = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """A note that may fit, with what the database knows of it."""

    note: Note
    n_uses: int
    """How often it was found."""
    n_words: int = 0
    """How many of the question's words it has."""
    strength: float = 0.0
    """The database's own rank; higher is better."""


def relevance(candidates: Sequence[Candidate], n_words: int) -> dict[str, float]:
    """Give how well notes fit a question by their words, by id, the best first; what fits too badly is left out.

    Args:
        candidates: Notes with at least one of the words.
        n_words: How many words the question has.
    """
    best = max((candidate.strength for candidate in candidates), default=0.0)
    enough = min(n_words, _ENOUGH_WORDS)
    fitting: dict[str, float] = {}
    for candidate in candidates:
        share = min(1.0, candidate.n_words / enough)
        rank = candidate.strength / best if best > 0.0 else 1.0
        if share >= FLOOR:
            fitting[candidate.note.id] = _SHARE_WEIGHT * share + (1.0 - _SHARE_WEIGHT) * rank
    return dict(sorted(fitting.items(), key=lambda item: -item[1]))


def fused(rankings: Sequence[Iterable[str]]) -> dict[str, float]:
    """Give how well notes fit by several rankings, each with the best first; 1 for what is first in all."""
    total: dict[str, float] = {}
    for ranking in rankings:
        for place, name in enumerate(dict.fromkeys(ranking), start=1):
            total[name] = total.get(name, 0.0) + (_FUSION + 1) / (_FUSION + place)
    return {name: score / len(rankings) for name, score in total.items()}


def best(candidates: Iterable[Candidate], fitting: Mapping[str, float], *, now: float, limit: int) -> list[Found]:
    """Give the notes that fit, the best first, with what was said lately or used often a little ahead."""
    found = [
        Found(candidate.note, fitting[candidate.note.id] * _favour(candidate, now))
        for candidate in candidates
        if candidate.note.id in fitting
    ]
    found.sort(key=lambda item: (-item.score, -item.note.updated_at, item.note.id))
    return found[:limit]


def _favour(candidate: Candidate, now: float) -> float:
    age_s = max(0.0, now - candidate.note.updated_at)
    recency: float = 0.5 ** (age_s / _HALF_LIFE_S)
    use = candidate.n_uses / (candidate.n_uses + _HALF_USED)
    return 1.0 + _RECENCY_WEIGHT * recency + _USE_WEIGHT * use
