"""One document of a build: its passages, what is to be asked of them, and what has come of it so far.

Nothing is remembered: which assignments a round has follows from the document, the spec, and what came of the
rounds before, all of which is in the store. So a case is the same for whoever opens it, before a crash and after.
"""

from collections.abc import AsyncIterator, Iterable
from math import ceil
from typing import Final

from mainspring.data.building.archive import Archive
from mainspring.data.building.spec import Spec
from mainspring.data.calls import key_of
from mainspring.data.cutting import cut, estimate, worth_asking
from mainspring.data.document import Document, Value
from mainspring.data.team import Assignment
from mainspring.data.team.director import Progress
from mainspring.data.team.plan import Coverage, first_round, next_round, pairs
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
        self.asked = [passage for passage in self.passages if worth_asking(passage) is None]
        """Those that are worth a question."""
        self._archive = archive

    async def assignments(self, number: int) -> list[Assignment]:
        """Give what is to be asked in a round; pairs of passages come after the last of the rounds."""
        wishes = self.spec.wishes
        if number == 0:
            return first_round(self.asked, wishes)
        if number < wishes.rounds:
            return next_round(number, self.asked, await self.coverage(range(number)), wishes)
        return pairs(number, await self._concepts(), wishes)

    async def worked(self, assignment: Assignment) -> Worked | None:
        """Give what came of an assignment; None where it is not done."""
        return await self._archive.find(self._key(assignment), Worked)

    async def keep(self, worked: Worked) -> None:
        """Keep what came of an assignment."""
        await self._archive.keep(self._key(worked.assignment), worked)

    async def done(self, rounds: Iterable[int] | None = None) -> AsyncIterator[Worked]:
        """Give what has come of all assignments of some rounds, or of all, that are done.

        A round is there only if the director went on to it: where one before it was not finished, what it would be
        is not known yet.
        """
        for number in range(self.spec.wishes.rounds + 1) if rounds is None else rounds:
            for assignment in await self.assignments(number):
                worked = await self.worked(assignment)
                if worked is not None:
                    yield worked

    async def coverage(self, rounds: Iterable[int] | None = None) -> Coverage:
        """Give the map of what accepted answers rest on."""
        coverage = Coverage()
        async for worked in self.done(rounds):
            coverage.add(worked.candidates)
        return coverage

    async def progress(self) -> Progress:
        """Say how far the document has come."""
        n_candidates = n_accepted = 0
        coverage = Coverage()
        async for worked in self.done():
            coverage.add(worked.candidates)
            n_candidates += len(worked.candidates)
            n_accepted += sum(candidate.is_accepted for candidate in worked.candidates)
        wanted = self.spec.wishes.coverage
        return Progress(
            n_passages=len(self.passages),
            n_asked=len(self.asked),
            n_candidates=n_candidates,
            n_accepted=n_accepted,
            n_uncovered=sum(coverage.share(passage) < wanted for passage in self.asked),
        )

    async def _concepts(self) -> dict[int, tuple[str, ...]]:
        return {
            worked.assignment.passages[0]: worked.concepts
            async for worked in self.done(range(self.spec.wishes.rounds))
            if worked.assignment.round == 0
        }

    def _key(self, assignment: Assignment) -> str:
        return key_of("worked", self.spec.digest, self.document.id, assignment.model_dump(mode="json"))
