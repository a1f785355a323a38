"""What is done with one assignment: find what can be learnt, write questions, answer them, hold the answers against
the source, and ask a judge about what is left.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from functools import cached_property
from typing import ClassVar, Final, TypeVar

from mainspring.core import NOTHING, Usage
from mainspring.core.errors import ModelRefused, ModelReplyError
from mainspring.data.checks import check
from mainspring.data.document import Value
from mainspring.data.example import Candidate, Example, Kind, Objection, Provenance, Verdict
from mainspring.data.team.answers import Answered, Concept, Judged
from mainspring.data.team.controls import Rates, is_planted, measured, spoilt
from mainspring.data.team.members import Team
from mainspring.data.team.plan import Assignment
from mainspring.data.team.wording import Shown

T = TypeVar("T")

_MENDABLE: Final = frozenset({"citations", "numbers", "names", "coverage", "language", "markup"})
"""Faults of an answer; a question that is wrong, or has no answer here, is not mended by another answer."""
_KEY_REFUSED: Final = frozenset({401, 403, 404})
"""A refusal that meets every call alike."""


class Worked(Value):
    """What came of an assignment."""

    VERSION: ClassVar = 1

    assignment: Assignment
    concepts: tuple[str, ...] = ()
    """What the passages tell about."""
    candidates: tuple[Candidate, ...] = ()
    failures: tuple[str, ...] = ()
    """What a member did not manage, in words."""
    usage: Usage = NOTHING
    """Of its model calls."""
    controls: Rates | None = None
    """How the judge did with controls that were planted here."""


class Desk:
    """Where the members work on assignments of one document.

    Args:
        team: Who works.
        run: Id of the run they work for.
        repairs: How often an answer that code finds fault with goes back to its writer.
        planted: The share of good examples that the judge is shown once more, spoilt.
    """

    def __init__(self, team: Team, *, run: str = "", repairs: int = 1, planted: float = 0.1) -> None:
        self._team = team
        self._run = run
        self._repairs = repairs
        self._planted = planted

    async def work(self, shown: Shown, assignment: Assignment) -> Worked:
        """Do an assignment; what a member does not manage is said, and the rest is done.

        Raises:
            ModelError: A model cannot be asked at all.
            BudgetError: The budget does not cover the next call.
            JournalError: The store cannot be read or written.
        """
        concepts: list[Concept] = []
        used = NOTHING
        try:
            concepts, used = await self._concepts(shown, assignment)
            wanted = _wanted(assignment, concepts)
            asked, used_on_asking = await self._questions(shown, wanted)
        except (ModelReplyError, ModelRefused) as error:
            told = tuple(concept.about for concept in concepts)
            return Worked(assignment=assignment, concepts=told, failures=(_failure(error),), usage=used)
        came = await _all(
            [
                self._candidate(shown, kind, about, question)
                for (kind, about), question in zip(wanted, asked, strict=True)
            ]
        )
        made = tuple(one for one, _ in came if isinstance(one, Candidate))
        controls, used_on_controls = await self._controls(shown, made)
        return Worked(
            assignment=assignment,
            concepts=tuple(concept.about for concept in concepts),
            candidates=made,
            failures=tuple(one for one, _ in came if isinstance(one, str)),
            usage=sum((usage for _, usage in came), start=used + used_on_asking + used_on_controls),
            controls=controls,
        )

    async def _concepts(self, shown: Shown, assignment: Assignment) -> tuple[list[Concept], Usage]:
        """Find what can be learnt from a passage, and say what that took; of a pair, each has been asked about."""
        if len(assignment.passages) > 1:
            return [], NOTHING
        said = await self._team.concepts(shown)
        return said.value, NOTHING if assignment.round else said.usage  # known from the first round

    async def _questions(self, shown: Shown, wanted: Sequence[tuple[Kind, str]]) -> tuple[Sequence[str], Usage]:
        """Write the questions, and say what that took; nobody is asked for none."""
        if not wanted:
            return [], NOTHING
        said = await self._team.questions(shown, wanted)
        return said.value, said.usage

    async def _candidate(
        self, shown: Shown, kind: Kind, about: str, question: str
    ) -> tuple[Candidate | str, Usage]:
        """Make one example, and say what it took; in words, why there is none."""
        used = NOTHING
        try:
            said = await self._team.answer(shown, question)
            used += said.usage
            example = _example(shown, kind, about, question, said.value)
            objections = check(example, shown.document, shown.passages)
            for _ in range(self._repairs):
                if not _is_mendable(objections):
                    break
                said = await self._team.mend(shown, said, objections)
                used += said.usage
                example = _example(shown, kind, about, question, said.value)
                objections = check(example, shown.document, shown.passages)
            candidate = Candidate(example=example, provenance=self._provenance, objections=objections)
            if objections or self._team.judge is None:
                return candidate, used
            judged = await self._team.verdict(shown, example.question, example.answer)
            return _judged(candidate, judged.value, self._team.judge.model.name), used + judged.usage
        except (ModelReplyError, ModelRefused) as error:
            return _failure(error), used

    async def _controls(self, shown: Shown, made: Sequence[Candidate]) -> tuple[Rates | None, Usage]:
        """Put a few of the examples before the judge once more, spoilt."""
        judge = self._team.judge
        if judge is None:
            return None, NOTHING
        rates, used = Rates(model=judge.model.name), NOTHING
        examples = [candidate.example for candidate in made if candidate.is_accepted]
        for example in examples:
            wrong = spoilt(example, examples) if is_planted(example, self._planted) else None
            if wrong is None:
                continue
            try:
                judged = await self._team.verdict(shown, example.question, wrong.answer)
            except (ModelReplyError, ModelRefused) as error:
                _failure(error)
                continue
            rates, used = rates + measured(judge.model.name, wrong, judged.value), used + judged.usage
        return rates, used

    @cached_property
    def _provenance(self) -> Provenance:
        marks = self._team.prompts.marks(judge=self._team.judge is not None)
        return Provenance(prompts=marks, models=self._team.models, run=self._run)


async def _all(working: Sequence[Awaitable[T]]) -> list[T]:
    """Wait for all, the others too where one fails: a call that is under way is paid for, and is to be kept."""
    came = await asyncio.gather(*working, return_exceptions=True)
    for one in came:
        if isinstance(one, BaseException):
            raise one
    return [one for one in came if not isinstance(one, BaseException)]


def _wanted(assignment: Assignment, concepts: Sequence[Concept]) -> list[tuple[Kind, str]]:
    """Say what each question is to be about: concepts of sentences that are not covered go first."""
    bare = set(assignment.sentences)
    told = [concept.about for concept in concepts if not bare or concept.sentence in bare]
    told += [concept.about for concept in concepts if concept.about not in told]
    return [(kind, told[place % len(told)] if told else "") for place, kind in enumerate(assignment.kinds)]


def _judged(candidate: Candidate, judged: Judged, model: str) -> Candidate:
    verdict = Verdict(is_good=judged.is_good, why=judged.why, model=model)
    objections = () if verdict.is_good else (Objection(check="judge", says=verdict.why),)
    return candidate.model_copy(update={"verdict": verdict, "objections": objections})


def _example(shown: Shown, kind: Kind, about: str, question: str, answered: Answered) -> Example:
    spans = shown.spans(answered.cites)
    return Example(
        kind=kind,
        question=question,
        answer=answered.answer.strip(),
        spans=shown.all() if kind == "unanswerable" and not spans else spans,
        document=shown.document.id,
        passages=tuple(passage.place for passage in shown.passages),
        concept=about,
    )


def _is_mendable(objections: Sequence[Objection]) -> bool:
    """Tell whether another answer to the same question could be better."""
    return bool(objections) and all(objection.check in _MENDABLE for objection in objections)


def _failure(error: ModelReplyError | ModelRefused) -> str:
    """Say what a member did not manage.

    Raises:
        ModelRefused: It is not about this call: none will succeed.
    """
    if isinstance(error, ModelRefused) and error.status in _KEY_REFUSED:
        raise error
    return str(error)
