"""The members of the team, and what each of them is asked."""

from collections.abc import Sequence
from typing import Final

from mainspring.core import Model
from mainspring.data.example import Kind, Objection
from mainspring.data.team.answers import CONCEPTS, JUDGED, Answered, Concept, Judged, answered, questions
from mainspring.data.team.member import Member, Said
from mainspring.data.team.prompts import PromptSet
from mainspring.data.team.wording import Shown

_MAX_CONCEPTS: Final = 6
_TOKENS_PER_CONCEPT: Final = 60
_KINDS: Final[dict[Kind, str]] = {
    "factual": "one that asks for a fact",
    "how_to": "one that asks how something is done",
    "why": "one that asks for a reason or a purpose",
    "comparison": "one that asks how two things differ",
    "multi_hop": "one that needs facts of both parts of the text",
    "unanswerable": "one that the sentences do not answer",
}
"""Kinds of questions, as the question writer is told them."""


class Team:
    """A concept extractor, a question writer, an answer writer and a judge.

    Args:
        teacher: Whom all but the judge ask.
        prompts: What they work by.
        judge: Whom the judge asks; there is none if not given.
    """

    def __init__(self, teacher: Model, prompts: PromptSet, judge: Model | None = None) -> None:
        self.prompts = prompts
        self.extractor = Member("concept_extractor", prompts, teacher)
        self.question_writer = Member("question_writer", prompts, teacher)
        self.answer_writer = Member("answer_writer", prompts, teacher)
        self.judge = None if judge is None else Member("judge", prompts, judge)

    @property
    def models(self) -> dict[str, str]:
        """Which model each member asks."""
        members = (self.extractor, self.question_writer, self.answer_writer, self.judge)
        return {member.name: member.model.name for member in members if member is not None}

    async def concepts(self, shown: Shown) -> Said[list[Concept]]:
        """Find what sentences tell about; errors are those of `Member.ask`."""
        n_tokens = sum(passage.n_tokens for passage in shown.passages)
        wanted = max(1, min(_MAX_CONCEPTS, n_tokens // _TOKENS_PER_CONCEPT))
        said = await self.extractor.ask(shown, CONCEPTS, {"n": wanted})
        found: dict[str, Concept] = {}
        for concept in said.value.concepts:
            about = " ".join(concept.about.split())
            if about and concept.sentence <= len(shown.sentences):
                found.setdefault(about.casefold(), concept.model_copy(update={"about": about}))
        return Said(list(found.values()), said.usage, said.messages)

    async def questions(self, shown: Shown, wanted: Sequence[tuple[Kind, str]]) -> Said[list[str]]:
        """Write a question for each kind and concept; errors are those of `Member.ask`."""
        wishes = [f"{_KINDS[kind]}, about: {about}" if about else _KINDS[kind] for kind, about in wanted]
        said = await self.question_writer.ask(shown, questions(len(wanted)), {"wanted": wishes})
        return Said([" ".join(question.split()) for question in said.value.questions], said.usage, said.messages)

    async def answer(self, shown: Shown, question: str) -> Said[Answered]:
        """Answer a question from sentences; errors are those of `Member.ask`."""
        return await self.answer_writer.ask(shown, answered(len(shown.sentences)), {"question": question})

    async def mend(self, shown: Shown, said: Said[Answered], problems: Sequence[Objection]) -> Said[Answered]:
        """Have an answer mended; errors are those of `Member.ask`."""
        words = self.prompts["answer_mender"].prompt.render({"problems": [problem.says for problem in problems]})
        return await self.answer_writer.again(said, answered(len(shown.sentences)), words)

    async def verdict(self, shown: Shown, question: str, answer: str) -> Said[Judged]:
        """Judge an answer; errors are those of `Member.ask`."""
        assert self.judge is not None  # noqa: S101 - whoever has none does not ask
        return await self.judge.ask(shown, JUDGED, {"question": question, "answer": answer})
