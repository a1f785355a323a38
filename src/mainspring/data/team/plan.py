"""What to ask of which passage: the director's arithmetic, over numbers and never over words.

A coverage map says which sentences an accepted answer rests on. The first round asks of every passage, as much as
it is long; later rounds ask only for what is not covered, and pairs of passages that tell about the same things are
asked about together.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import Final

from mainspring.data.document import Value
from mainspring.data.example import Candidate, Kind
from mainspring.data.passage import Passage, Sentence

_WEIGHTS: Final[Mapping[Kind, int]] = {"factual": 4, "how_to": 2, "why": 2, "comparison": 1, "unanswerable": 1}
"""How often a kind is asked beside the others; of pairs of passages, `multi_hop` is."""
_STEP: Final = 7
"""From one passage's first turn to the next one's: it shares no factor with the sum of the weights."""
_MAX_QUESTIONS: Final = 6
_PAIRS_PER_PASSAGE: Final = 0.25
_PAIRS_OF_ONE: Final = 2
"""How many pairs one passage may be in."""
_COMMON: Final = 5
"""What more passages than this tell about joins none of them."""


class Wishes(Value):
    """What is wanted of documents."""

    kinds: tuple[Kind, ...] = ("factual", "how_to", "why", "comparison", "multi_hop", "unanswerable")
    questions_per_1000_tokens: float = 8.0
    passage_tokens: int = 400
    """How long a passage is at most, in tokens of the teacher."""
    sample: int | None = None
    """How many passages of each document are asked about, spread over it evenly; None for all."""
    rounds: int = 2
    """How often the director looks at what is not covered yet; the first round counts."""
    coverage: float = 0.6
    """The share of a passage's text that accepted answers are to rest on; more is not asked for."""
    repairs: int = 1
    """How often an answer that code finds fault with goes back to its writer."""


def sampled(passages: Sequence[Passage], wishes: Wishes) -> list[Passage]:
    """Choose the passages that are asked about."""
    n = len(passages) if wishes.sample is None else min(wishes.sample, len(passages))
    return [passages[place * len(passages) // n] for place in range(n)]


class Assignment(Value):
    """What is to be asked of some passages in one go."""

    round: int
    passages: tuple[int, ...]
    """Places of one passage, or of two to be asked about together."""
    kinds: tuple[Kind, ...]
    """One a question."""
    sentences: tuple[int, ...] = ()
    """Numbers of the sentences that are not covered yet; all of them if there are none."""


class Coverage:
    """Which sentences of a document accepted answers rest on."""

    def __init__(self) -> None:
        self._cited: list[tuple[int, int]] = []
        self._places: set[int] = set()

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Take in what came of an assignment."""
        for candidate in candidates:
            example = candidate.example
            if candidate.is_accepted and example.kind != "unanswerable":
                self._cited += [(span.start, span.end) for span in example.spans]
                self._places.update(example.passages)
        self.__dict__.pop("_joined", None)

    def uncovered(self, passage: Passage) -> tuple[int, ...]:
        """Give the numbers of its sentences that no accepted answer rests on."""
        return tuple(number for number, sentence in enumerate(passage.sentences, 1) if not self._covers(sentence))

    def share(self, passage: Passage) -> float:
        """Give the share of its characters that accepted answers rest on."""
        bare = set(self.uncovered(passage))
        lengths = {number: one.end - one.start for number, one in enumerate(passage.sentences, 1)}
        return 1 - sum(lengths[number] for number in bare) / max(1, sum(lengths.values()))

    @property
    def passages(self) -> frozenset[int]:
        """Places of the passages with an accepted answer."""
        return frozenset(self._places)

    def _covers(self, sentence: Sentence) -> bool:
        starts, ends = self._joined
        place = bisect_right(starts, sentence.start) - 1
        return place >= 0 and sentence.end <= ends[place]

    @cached_property
    def _joined(self) -> tuple[list[int], list[int]]:
        return _joined(self._cited)


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Join spans that overlap, and give where they begin and end, in order."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(spans):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def first_round(passages: Sequence[Passage], wishes: Wishes) -> list[Assignment]:
    """Ask of every passage, as much as it is long; which kinds does not depend on the other passages."""
    turns = _turns(wishes)
    return [
        Assignment(round=0, passages=(passage.place,), kinds=_kinds(passage, _n_questions(passage, wishes), turns))
        for passage in passages
    ]


def next_round(number: int, passages: Sequence[Passage], coverage: Coverage, wishes: Wishes) -> list[Assignment]:
    """Ask again for what is not covered."""
    turns = _turns(wishes, answerable=True)
    if not turns:
        return []
    return [
        Assignment(
            round=number,
            passages=(passage.place,),
            kinds=_kinds(passage, max(1, _n_questions(passage, wishes) // 2), turns, number),
            sentences=coverage.uncovered(passage),
        )
        for passage in passages
        if coverage.share(passage) < wishes.coverage and coverage.uncovered(passage)
    ]


def pairs(number: int, concepts: Mapping[int, Iterable[str]], wishes: Wishes) -> list[Assignment]:
    """Ask about two passages together where they tell about the same things.

    Args:
        number: Of the round.
        concepts: What each passage tells about, by its place.
        wishes: What is wanted.
    """
    if "multi_hop" not in wishes.kinds:
        return []
    places: dict[str, list[int]] = {}
    for place, told in concepts.items():
        for word in {word for about in told for word in _words(about)}:
            places.setdefault(word, []).append(place)
    shared = Counter(
        pair for found in places.values() if len(found) <= _COMMON for pair in combinations(sorted(found), 2)
    )
    taken: Counter[int] = Counter()
    chosen: list[Assignment] = []
    for pair, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        if len(chosen) >= max(1, round(len(concepts) * _PAIRS_PER_PASSAGE)):
            break
        if all(taken[place] < _PAIRS_OF_ONE for place in pair):
            taken.update(pair)
            chosen.append(Assignment(round=number, passages=pair, kinds=("multi_hop",)))
    return chosen


def _n_questions(passage: Passage, wishes: Wishes) -> int:
    return min(_MAX_QUESTIONS, max(1, round(passage.n_tokens * wishes.questions_per_1000_tokens / 1000)))


def _turns(wishes: Wishes, *, answerable: bool = False) -> tuple[Kind, ...]:
    """Give the kinds that a passage may be asked for in turn, each as often as it weighs, and well mixed."""
    kinds = [kind for kind in wishes.kinds if kind in _WEIGHTS and not (answerable and kind == "unanswerable")]
    asked: Counter[Kind] = Counter()
    turns: list[Kind] = []
    for _ in range(sum(_WEIGHTS[kind] for kind in kinds)):
        turns.append(min(kinds, key=lambda kind: ((asked[kind] + 1) / _WEIGHTS[kind], kinds.index(kind))))
        asked[turns[-1]] += 1
    return tuple(turns)


def _kinds(passage: Passage, n: int, turns: Sequence[Kind], number: int = 0) -> tuple[Kind, ...]:
    """Take so many kinds in turn, from another place on in each passage, document and round."""
    if not turns:
        return ()
    first = int(passage.document[:8], 16) + _STEP * (passage.place + number)
    return tuple(turns[(first + place) % len(turns)] for place in range(n))


def _words(about: str) -> set[str]:
    return {word for word in about.casefold().split() if len(word) > 3}
