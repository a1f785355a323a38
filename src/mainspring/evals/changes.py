"""Two results of one suite, case by case: which changed, and what each of the two said."""

from dataclasses import dataclass
from typing import Literal

from mainspring.core.errors import ConfigError
from mainspring.evals.outcome import Held, Outcome

Kind = Literal["gained", "lost", "better", "worse", "said"]
"""Became right, or wrong; got more or fewer parts right; the same score for other words."""


@dataclass(frozen=True, slots=True)
class Change:
    """A case of which two results differ."""

    case: str
    kind: Kind
    one: Outcome
    other: Outcome


def changes(one: Held, other: Held) -> list[Change]:
    """Give the cases that two results differ in, in the order of the second; what only one of them has is left out.

    Raises:
        ConfigError: They have no case in common.
    """
    before = {outcome.case: outcome for outcome in one.outcomes}
    pairs = [(before[outcome.case], outcome) for outcome in other.outcomes if outcome.case in before]
    if not pairs:
        raise ConfigError(f"the results have no case in common: one is of {one.suite!r}, one of {other.suite!r}")
    found = [(kind_of(first, second), first, second) for first, second in pairs]
    return [Change(second.case, kind, first, second) for kind, first, second in found if kind is not None]


def kind_of(one: Outcome, other: Outcome) -> Kind | None:
    """Say what changed from one outcome to the other; None if nothing did."""
    if one.score != other.score:
        if other.score == 1:
            return "gained"
        if one.score == 1:
            return "lost"
        return "better" if other.score > one.score else "worse"
    return "said" if (one.said, one.error) != (other.said, other.error) else None
