"""What a build says of itself: `report.json`."""

from collections import Counter
from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from mainspring.core import NOTHING, JsonObject, Usage
from mainspring.data.building.case import Case
from mainspring.data.building.spec import Spec
from mainspring.data.document import Value
from mainspring.data.example import Candidate
from mainspring.data.team.controls import Rates
from mainspring.data.team.work import Worked


class Spent(Value):
    """Tokens, calls and US dollars."""

    model_calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)
    """None where a price is not known."""

    @classmethod
    def of(cls, usage: Usage) -> "Spent":
        """Take down a usage."""
        return cls(
            model_calls=usage.model_calls,
            input_tokens=usage.input_tokens,
            cached_tokens=usage.cached_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=usage.cost_usd,
        )


class Acceptance(Value):
    """How many candidates were accepted."""

    accepted: int = 0
    candidates: int = 0


class Judging(Value):
    """How the judge did with controls, and whether its verdicts counted."""

    model: str
    n_good: int
    n_bad: int
    n_planted: int = 0
    """How many of the bad ones were examples of this build, spoilt."""
    false_accept_rate: float | None
    """Share of the bad ones that it let pass."""
    false_reject_rate: float | None
    """Share of the good ones that it refused."""
    missed: dict[str, int]
    """What was wrong with those that it let pass, and how often."""
    counts: bool
    """Whether its verdicts counted; by what was measured before the build."""

    @classmethod
    def of(cls, rates: Rates, planted: Rates | None = None, *, counts: bool) -> "Judging":
        """Take down what was measured before a build, and in it."""
        if planted is not None:
            rates += planted
        return cls(
            model=rates.model,
            n_good=rates.n_good,
            n_bad=rates.n_bad,
            n_planted=0 if planted is None else planted.n_bad,
            false_accept_rate=rates.false_accept_rate,
            false_reject_rate=rates.false_reject_rate,
            missed=rates.missed,
            counts=counts,
        )


class Report(Value):
    """What came of a build."""

    VERSION: ClassVar = 1

    spec: str
    """Digest of what the work follows from."""
    prompts: dict[str, str]
    """Agent to the version and SHA-256 of its prompt file."""
    models: dict[str, str]
    sampling: dict[str, JsonObject]
    judge: Judging | None = None
    acceptance: Acceptance = Acceptance()
    refusals: dict[str, int] = Field(default_factory=dict)
    """Check to the candidates that it refused; one may be refused by several."""
    kinds: dict[str, Acceptance] = Field(default_factory=dict)
    """Kind of question to how many of them were accepted."""
    words: dict[str, float] = Field(default_factory=dict)
    """Words of accepted questions and answers in the mean."""
    n_documents: int = 0
    n_skipped: int = 0
    n_passages: int = 0
    n_worth_asking: int = 0
    covered: float = 0.0
    """Share of the passages worth a question with an accepted example."""
    failures: dict[str, int] = Field(default_factory=dict)
    """What members of the team did not manage, and how often."""
    usage: Spent = Spent()
    """Of all calls that examples were made and judged by, in any process; measuring a judge is not counted."""
    now: Spent = Spent()
    """Of those that this process made."""
    seconds: float = 0.0
    """That this process took."""
    stopped: str = ""
    """Why the build is not complete; empty where it is. The same command goes on."""
    n_unfinished: int = 0
    """Documents that are not worked on to their end."""


class Counts:
    """Adds up what came of assignments and candidates; its size does not depend on how many there are."""

    def __init__(self) -> None:
        self.refusals: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.usage = NOTHING
        self.planted: Rates | None = None
        self.n_passages = self.n_worth_asking = 0
        self._n_covered = 0
        self._made: Counter[str] = Counter()
        self._accepted: Counter[str] = Counter()
        self._n_words: Counter[str] = Counter()

    def worked(self, worked: Worked) -> None:
        """Take in what an assignment took."""
        self.usage += worked.usage
        self.failures.update(worked.failures)
        if worked.controls is not None:
            self.planted = worked.controls if self.planted is None else self.planted + worked.controls

    def candidate(self, candidate: Candidate) -> None:
        """Take in a candidate as it is written."""
        example = candidate.example
        self._made[example.kind] += 1
        self.refusals.update({objection.check for objection in candidate.objections})
        if candidate.is_accepted:
            self._accepted[example.kind] += 1
            self._n_words.update(question=len(example.question.split()), answer=len(example.answer.split()))

    def covered(self, case: Case) -> None:
        """Take in how much of a document accepted answers rest on."""
        self.n_passages += len(case.passages)
        self.n_worth_asking += len(case.asked)
        self._n_covered += len(case.coverage.passages)

    @property
    def acceptance(self) -> Acceptance:
        """How many candidates were accepted."""
        return Acceptance(accepted=self._accepted.total(), candidates=self._made.total())

    @property
    def kinds(self) -> dict[str, Acceptance]:
        """How many candidates of each kind were accepted."""
        return {
            kind: Acceptance(accepted=self._accepted[kind], candidates=n) for kind, n in sorted(self._made.items())
        }

    @property
    def words(self) -> dict[str, float]:
        """Words of accepted questions and answers in the mean."""
        n = max(1, self._accepted.total())
        return {what: round(n_words / n, 1) for what, n_words in sorted(self._n_words.items())}

    @property
    def share_covered(self) -> float:
        """Share of the passages worth a question with an accepted example."""
        return round(self._n_covered / self.n_worth_asking, 4) if self.n_worth_asking else 0.0


def marks_of(spec: Spec) -> dict[str, str]:
    """Say by which version of its prompt each agent worked."""
    return spec.prompts.marks(judge=bool(spec.judge))


def sampling_of(spec: Spec) -> dict[str, JsonObject]:
    """Say how the model of each agent picked its words."""
    return {
        name: spec.prompts[name].sampling.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        for name in marks_of(spec)
        if name != "house"
    }


def models_of(spec: Spec) -> dict[str, str]:
    """Say which model each agent asks."""
    models = dict.fromkeys(("concept_extractor", "question_writer", "answer_writer"), spec.teacher)
    return models | ({"judge": spec.judge} if spec.judge else {})
