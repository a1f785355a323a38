"""What a promotion is told: one document, which its run begins with.

It says everything, so that whoever goes on with the run after a crash needs nothing else; and paths are whole, so
that it does not matter where.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from mainspring.core.errors import ConfigError
from mainspring.evals.outcome import Value
from mainspring.promotion.canary import CanaryRule
from mainspring.promotion.gate import GateRule
from mainspring.promotion.live import Live


class Promotion(Value):
    """Hold a candidate and the present model to the same cases, and give it a share, as far as the gate opens."""

    kind: Literal["promotion"] = "promotion"
    settings: Path
    """The `mainspring.toml` with the pool in it."""
    pool: str
    model: str
    """The candidate, as an agent would name it."""
    share: float = Field(default=0.1, gt=0, le=1)
    """Of the pool's calls; less where the gate grants a trial only."""
    kept_as: str = ""
    """A name under which those that were there before can be asked alone, with the whole share; none if empty."""
    suite: str = ""
    """The task, as `mainspring eval` would name it."""
    general: str = ""
    """Other things, against forgetting."""
    results: tuple[Path, ...] = ()
    """Files of `mainspring eval` instead of suites: the candidate, the present one; the same of other things."""
    folder: Path = Path("evals")
    """Where results are kept."""
    concurrency: int = Field(default=1, ge=1)
    """Cases that are asked at once."""
    rule: GateRule = GateRule()
    asks: bool = False
    """Whether a human has to say yes in any case; where there is nothing to go by, one has to."""
    by: str = ""
    """Who wants it."""

    @model_validator(mode="after")
    def _evidence_agrees(self) -> Self:
        if len(self.results) not in (0, 2, 4):
            raise ValueError("results are two files or four: candidate, present; the same of the general suite")
        if self.results and self.suite:
            raise ValueError("a suite to hold the models to, or results that are there: one of them")
        if self.general and not self.suite:
            raise ValueError("a general suite is looked at beside the task's own; give that, too")
        return self

    @property
    def needs_yes(self) -> bool:
        """Whether a human has to say yes."""
        return self.asks or not (self.suite or self.results)


class CanaryReview(Value):
    """Widen or withdraw a canary by what it did."""

    kind: Literal["canary"] = "canary"
    settings: Path
    pool: str
    model: str
    share: float
    """What it has."""
    live: Live
    rule: CanaryRule = CanaryRule()
    asks: bool = False
    """Whether a human has to say yes before it is widened; to withdraw it nobody is waited for."""
    by: str = ""


Order = Promotion | CanaryReview
_ORDERS: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="kind")])


def read_order(words: str) -> Order:
    """Read what a promotion's run began with.

    Raises:
        ConfigError: It is something else.
    """
    try:
        return _ORDERS.validate_json(words)
    except ValidationError as error:
        raise ConfigError(f"this is no order of a promotion: {error}") from error
