"""What came of holding a model to a suite: one outcome a case, and all of them with what they are of."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Value(BaseModel):
    """What crosses a boundary of this room: checked when made, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Outcome(Value):
    """What a model made of one case."""

    case: str
    """Id of the case."""
    tags: tuple[str, ...] = ()
    score: float = Field(ge=0, le=1)
    """1 is right; a scorer may give parts."""
    why: str = ""
    """What is wrong, for a person."""
    said: JsonValue = None
    """What the model decided: calls, or its answer."""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = None
    seconds: float = 0.0
    error: str = ""
    """Why there is no decision to score, such as an unreachable server; it counts as wrong."""


class JudgeRates(Value):
    """How the model that judged did with controls, of which is known whether they are good."""

    model: str
    n_cases: int
    """Cases whose score is its verdict."""
    n_good: int = 0
    n_bad: int = 0
    n_false_rejects: int = 0
    """Good ones that it refused."""
    n_false_accepts: int = 0
    """Bad ones that it let pass."""
    is_planted: bool = False
    """Whether the controls were made of the cases' right answers, which are easier to tell apart than most."""


class Held(Value):
    """A suite as one model answered it."""

    VERSION: int = 1

    suite: str
    suite_digest: str
    """Of its cases and scorers: only answers to the same questions are compared."""
    model: str
    """As it was asked for."""
    answered_by: tuple[str, ...] = ()
    """As the servers call what answered."""
    prompt: str = ""
    """Version and digest of the prompt file that was tried, if that is what varies."""
    at: str = ""
    """When it was done, ISO 8601."""
    outcomes: tuple[Outcome, ...]
    judge: JudgeRates | None = None
    """Measured, where a model judged."""

    @property
    def score(self) -> float:
        """The mean over cases; 0 for none."""
        return sum(one.score for one in self.outcomes) / len(self.outcomes) if self.outcomes else 0.0
