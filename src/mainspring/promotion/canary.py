"""What becomes of a canary by its live results: a larger share, the same one, or none.

It is withdrawn where it fails in more runs than the others, beyond the interval; widened where it cannot fail in
more of them than a margin allows; and left as it is as long as neither can be told. Each share is judged by the
runs since it was given, so that a busy week under one share is not compared with a quiet one under another.
"""

import math
from typing import Final, Literal

from pydantic import Field

from mainspring.evals.outcome import Value
from mainspring.promotion.intervals import Difference, independent, quantile
from mainspring.promotion.live import Live, MemberLive

LADDER: Final = (0.1, 0.25, 0.5, 1.0)
"""The shares that a canary goes up by."""
_ALMOST: Final = 0.001


class CanaryRule(Value):
    """When a canary is widened or withdrawn."""

    margin: float = Field(default=0.05, gt=0, lt=1)
    """Share of runs by which it may fail more often than the others and still be widened."""
    confidence: float = Field(default=0.975, gt=0.5, lt=1)
    """Of either bound. It is looked at several times, and each look may err."""


class Weighing(Value):
    """What live results say of a canary."""

    action: Literal["widen", "hold", "withdraw"]
    share: float
    """What it has."""
    share_to: float
    """What it is to have."""
    candidate: MemberLive
    others: MemberLive
    difference: Difference
    """The share of runs in which the candidate failed, less that of the others."""
    why: str


def weigh(live: Live, candidate: str, share: float, rule: CanaryRule) -> Weighing:
    """Say what is to become of a canary.

    Args:
        live: What the members did since its share was given.
        candidate: What it is called.
        share: What it has.
        rule: What decides.
    """
    own, others = live.split(candidate)
    difference = independent((own.faulty_runs, own.runs), (others.faulty_runs, others.runs), rule.confidence)
    told = (
        f"{candidate} failed in {own.faulty_runs} of {own.runs} runs, the others in {others.faulty_runs} of "
        f"{others.runs}: a difference between {difference.lower:+.3f} and {difference.upper:+.3f}"
    )
    action: Literal["widen", "hold", "withdraw"] = "hold"
    share_to = share
    if difference.lower > 0:
        action, share_to, why = "withdraw", 0.0, f"{told}: worse beyond the interval"
    elif share >= 1:
        why = f"{told}: it has everything"
    elif difference.upper <= rule.margin:
        action, share_to = "widen", next(step for step in LADDER if step > share + _ALMOST)
        why = f"{told}: it fails more often by {rule.margin:.0%} of the runs at the most"
    else:
        why = f"{told}: too few runs to tell; it would take about {_needed(own, others, rule)} of its own"
    return Weighing(
        action=action,
        share=share,
        share_to=share_to,
        candidate=own,
        others=others,
        difference=difference,
        why=why,
    )


def _needed(own: MemberLive, others: MemberLive, rule: CanaryRule) -> int:
    """Estimate the runs after which a candidate that fails as often as the others would be widened."""
    z = quantile(rule.confidence)
    n_all = own.runs + others.runs
    rate = (own.faulty_runs + others.faulty_runs) / n_all if n_all else 0.0
    by_chance = rate * (1 - rate) * (z / rule.margin) ** 2 * (1 + own.runs / max(others.runs, 1))
    by_none = z * z * (1 - rule.margin) / rule.margin
    return max(own.runs + 1, math.ceil(by_chance), math.ceil(by_none))
