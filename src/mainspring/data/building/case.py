"""One document of a build: its passages, what is to be asked of them, and what has come of it so far.

Which assignments a round has follows from the document, the spec, and what came of the rounds before, all of which
is in the store. So a case is the same for whoever opens it, before a crash and after it.
"""

from collections.abc import AsyncIterator, Sequence
from math import ceil
from typing import Final

from mainspring.data.building.archive import Archive
from mainspring.data.building.spec import Spec
from mainspring.data.calls import key_of
from mainspring.data.cutting import cut, estimate, worth_asking
from mainspring.data.document import Document, Value
from mainspring.data.team import Assignment
from mainspring.data.team.director import Progress
from mainspring.data.team.plan import Coverage, first_round, next_round, pairs, sampled
from mainspring.data.team.work import Worked

_MIN_SHARE: Final = 0.15
"""How much of the longest passage a passage has at least, unless the document is shorter."""


class TokenRate(Value):
    """How many tokens of a teacher a text comes to, measured on its beginning."""

    tokens_per_char: float = 0.0
    """0 where the teacher's server does not count; it is estimated then."""

    def count(self, text: str) -> int:
        """Give about how many tokens a text is."""
        return ceil(len(text) * self.tokens_per_char) if self.tokens_per_char else estimate(text)


class Case:
    """A document, and the state of the work on it.

    Args:
        archive: Where all of that is kept.
        spec: How it is worked on.
        document: The document.
        rate: How many tokens its text comes to.
    """

    def __init__(self, archive: Archive, spec: Spec, document: Document, rate: TokenRate) -> None:
        self.document = document
        self.spec = spec
        wishes = spec.wishes
        shortest = int(wishes.passage_tokens * _MIN_SHARE)
        self.passages = cut(document, max_tokens=wishes.passage_tokens, min_tokens=shortest, count=rate.count)
        worth = [passage for passage in self.passages if worth_asking(passage) is None]
        self.asked = sampled(worth, wishes)
        """Those that are asked about."""
        self.coverage = Coverage()
        """What accepted answers rest on, of what was taken in."""
        self._archive = archive
        self._concepts: dict[int, tuple[str, ...]] = {}
        self._n_candidates = self._n_accepted = 0
        self._rounds: list[list[Assignment]] = []
        self._taken: set[Assignment] = set()

    async def assignments(self, number: int) -> list[Assignment]:
        """Give what is to be asked in a round; pairs of passages come after the last of the rounds.

        What came of the rounds before is taken in first.
        """
        while len(self._rounds) <= number:
            if self._rounds:
                await self._take_in(self._rounds[-1])
            self._rounds.append(self._round(len(self._rounds)))
        return self._rounds[number]

    async def worked(self, assignment: Assignment) -> Worked | None:
        """Give what came of an assignment; None where it is not done."""
        worked = await self._archive.find(self._key(assignment), Worked)
        if worked is not None:
            self._take(worked)
        return worked

    async def keep(self, worked: Worked) -> None:
        """Keep what came of an assignment."""
        await self._archive.keep(self._key(worked.assignment), worked)
        self._take(worked)

    async def done(self) -> AsyncIterator[Worked]:
        """Give what has come of all assignments that are done, round by round."""
        for number in range(self.spec.wishes.rounds + 1):
            for assignment in await self.assignments(number):
                worked = await self.worked(assignment)
                if worked is not None:
                    yield worked

    @property
    def progress(self) -> Progress:
        """How far the document has come, by what was taken in."""
        wanted = self.spec.wishes.coverage
        return Progress(
            n_passages=len(self.passages),
            n_asked=len(self.asked),
            n_candidates=self._n_candidates,
            n_accepted=self._n_accepted,
            n_uncovered=sum(self.coverage.share(passage) < wanted for passage in self.asked),
        )

    def _round(self, number: int) -> list[Assignment]:
        wishes = self.spec.wishes
        if number == 0:
            return first_round(self.asked, wishes)
        if number < wishes.rounds:
            return next_round(number, self.asked, self.coverage, wishes)
        return pairs(number, self._concepts, wishes)

    async def _take_in(self, assignments: Sequence[Assignment]) -> None:
        for assignment in assignments:
            if assignment not in self._taken:
                await self.worked(assignment)

    def _take(self, worked: Worked) -> None:
        """Take in what came of an assignment, once."""
        if worked.assignment in self._taken:
            return
        self._taken.add(worked.assignment)
        self.coverage.add(worked.candidates)
        self._n_candidates += len(worked.candidates)
        self._n_accepted += sum(candidate.is_accepted for candidate in worked.candidates)
        if worked.assignment.round == 0:
            self._concepts[worked.assignment.passages[0]] = worked.concepts

    def _key(self, assignment: Assignment) -> str:
        return key_of("worked", self.spec.digest, self.document.id, assignment.model_dump(mode="json"))
