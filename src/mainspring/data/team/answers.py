"""What members answer: the forms that their replies are held to."""

from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, create_model

from mainspring.agent.job import AnswerForm

MAX_CONCEPTS = 6
MAX_CITES = 4
_CONCEPT_CHARS = 80
_QUESTION_CHARS = 300
_ANSWER_CHARS = 1_500


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Concept(_Form):
    """One thing that can be learnt from a passage."""

    about: Annotated[str, Field(min_length=2, max_length=_CONCEPT_CHARS)]
    sentence: Annotated[int, Field(ge=1)]
    """The number of the sentence that tells the most about it."""


class Concepts(_Form):
    """What a passage tells about."""

    concepts: Annotated[list[Concept], Field(max_length=MAX_CONCEPTS)]


class Questions(_Form):
    """Questions, in the order in which they were wanted."""

    questions: list[Annotated[str, Field(min_length=5, max_length=_QUESTION_CHARS)]]


class Answered(_Form):
    """An answer and the numbers of the sentences that say it."""

    cites: list[int]
    answer: Annotated[str, Field(min_length=1, max_length=_ANSWER_CHARS)]


class Judged(_Form):
    """What a judge found."""

    supported: bool
    answers: bool
    stands_alone: bool

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against it."""
        return self.supported and self.answers and self.stands_alone

    @property
    def why(self) -> str:
        """What speaks against it, in words."""
        faults = {
            "the sentences do not say all of it": self.supported,
            "it does not answer what was asked": self.answers,
            "it cannot be understood without the source": self.stands_alone,
        }
        return "; ".join(words for words, is_well in faults.items() if not is_well)


CONCEPTS = AnswerForm(Concepts)
JUDGED = AnswerForm(Judged)


@lru_cache(maxsize=64)
def questions(n: int) -> AnswerForm[Questions]:
    """Give the form of exactly so many questions."""
    one = Annotated[str, Field(min_length=5, max_length=_QUESTION_CHARS)]
    listed = Annotated[list[one], Field(min_length=n, max_length=n)]
    return AnswerForm(create_model(f"Questions{n}", __base__=Questions, questions=listed))


@lru_cache(maxsize=256)
def answered(n: int) -> AnswerForm[Answered]:
    """Give the form of an answer that cites some of so many sentences, and never most of them."""
    number = Annotated[int, Field(ge=1, le=n)]
    listed = Annotated[list[number], Field(max_length=max(1, min(MAX_CITES, n // 2)))]
    return AnswerForm(create_model(f"Answered{n}", __base__=Answered, cites=listed))
