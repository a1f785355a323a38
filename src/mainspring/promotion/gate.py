"""The gate: whether a tuned model may be offered to a pool, by what it and the present one made of the same cases.

It opens if the tuned model is not worse than the present one on the task, beyond a margin and as far as the cases
can tell, and has not lost more than a share of what the present one can on a set of other things. Where its score
is within the margin and the cases are too few to tell more, it may be tried with a small share, which live results
widen or take back; the verdict says how many cases it would take.
"""

import math
from typing import Literal

from pydantic import Field

from mainspring.core.errors import ConfigError
from mainspring.evals.outcome import Held, Value
from mainspring.promotion.intervals import Difference, paired, quantile, spread


class GateRule(Value):
    """What a model has to reach."""

    margin: float = Field(default=0.03, gt=0, lt=1)
    """How much worse on the task still counts as not worse, in points of the score from 0 to 1."""
    lost_share: float = Field(default=0.05, ge=0, lt=1)
    """How much of the present model's score on other things may be lost."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Of the bound that the difference on the task is judged by."""
    least_general: int = Field(default=30, ge=1)
    """Cases of other things below which nothing is said of what was lost."""
    trial_share: float = Field(default=0.1, ge=0, le=1)
    """Of the calls at the most, where a score within the margin is all that speaks for it; 0 for none."""
    least_for_trial: int = Field(default=50, ge=1)
    """Cases of the task below which a score speaks for nothing."""
    most_errors: float = Field(default=0.02, ge=0, le=1)
    """Share of cases without any decision of the present model up to which the comparison is fair."""


class Figures(Value):
    """Two models on one suite."""

    suite: str
    n: int
    """Cases."""
    candidate: float
    """Mean score."""
    present: float
    difference: Difference
    """The candidate's score less the present one's."""
    needed: int | None = None
    """About how many cases it would take to tell, where these are too few."""


class Verdict(Value):
    """What the gate says."""

    passed: bool
    trial: float = 0.0
    """Share of the pool's calls that it may be tried with where it did not pass."""
    candidate: str
    present: str
    task: Figures
    general: Figures | None = None
    reasons: tuple[str, ...]
    """What speaks for it and against it, in words."""

    @property
    def share(self) -> float:
        """Of the pool's calls, what it may have at the most."""
        return 1.0 if self.passed else self.trial


Standing = Literal["good", "worse", "unclear"]


def gate(
    candidate: Held, present: Held, general_candidate: Held | None, general_present: Held | None, rule: GateRule
) -> Verdict:
    """Say whether the candidate may take the present model's place.

    Args:
        candidate: The tuned model on the task.
        present: The present one on the same cases.
        general_candidate: The tuned model on other things, against forgetting.
        general_present: The present one on those.
        rule: What has to be reached.

    Raises:
        ConfigError: The two did not answer the same cases, or only one of them was held to the other things.
    """
    if (general_candidate is None) != (general_present is None):
        raise ConfigError("hold both models to the general suite, or none of them")
    task, standing = _on_task(candidate, present, rule)
    unfair = _unfair(present, rule)
    is_fit = not unfair
    reasons = [_says(task, standing, rule), *_unasked(candidate), *unfair]
    general = None
    if general_candidate is not None and general_present is not None:
        general = _figures(general_candidate, general_present, rule)
        kept, says = _on_general(general, rule)
        unfair = _unfair(general_present, rule)
        is_fit = is_fit and kept and not unfair
        reasons += [says, *unfair]
    else:
        reasons.append("what it can besides the task was not looked at, as no general suite was given")
    is_tried = is_fit and standing == "unclear" and task.n >= rule.least_for_trial and rule.trial_share > 0
    if is_tried:
        reasons.append(f"so it may be tried with {rule.trial_share:.0%}, and live results tell more")
    return Verdict(
        passed=is_fit and standing == "good",
        trial=rule.trial_share if is_tried else 0.0,
        candidate=candidate.model,
        present=present.model,
        task=task,
        general=general,
        reasons=tuple(reasons),
    )


def _on_task(candidate: Held, present: Held, rule: GateRule) -> tuple[Figures, Standing]:
    figures = _figures(candidate, present, rule)
    if figures.difference.lower >= -rule.margin:
        return figures, "good"
    room = figures.difference.mean + rule.margin
    if room <= 0:
        return figures, "worse"
    z, varies = quantile(rule.confidence), spread(_differences(candidate, present))
    needed = max(figures.n + 1, math.ceil(varies * (z / room) ** 2) - 2)
    return figures.model_copy(update={"needed": needed}), "unclear"


def _on_general(general: Figures, rule: GateRule) -> tuple[bool, str]:
    """Tell whether what the present model can besides the task is kept, and say so."""
    if general.n < rule.least_general:
        return (
            False,
            f"{general.suite} has {general.n} cases; {rule.least_general} tell of what was lost at the least",
        )
    lost = 1 - general.candidate / general.present if general.present > 0 else 0.0
    told = f"{general.suite}: {general.candidate:.3f} against {general.present:.3f} over {general.n} cases"
    if lost > rule.lost_share:
        return False, f"{told}: {lost:.1%} is lost, and {rule.lost_share:.1%} may be"
    return True, f"{told}: {'nothing' if lost <= 0 else f'{lost:.1%}'} is lost, and {rule.lost_share:.1%} may be"


def _figures(candidate: Held, present: Held, rule: GateRule) -> Figures:
    return Figures(
        suite=candidate.suite,
        n=len(candidate.outcomes),
        candidate=candidate.score,
        present=present.score,
        difference=paired(_differences(candidate, present), rule.confidence),
    )


def _differences(candidate: Held, present: Held) -> list[float]:
    """Give the candidate's score less the present one's, case by case.

    Raises:
        ConfigError: They did not answer the same cases.
    """
    if candidate.suite_digest != present.suite_digest:
        raise ConfigError(
            f"{candidate.model!r} answered {candidate.suite!r} as {candidate.suite_digest[:12]}, and "
            f"{present.model!r} answered {present.suite!r} as {present.suite_digest[:12]}: the suite has changed "
            "between the two; hold both again"
        )
    ours = {one.case: one.score for one in candidate.outcomes}
    theirs = {one.case: one.score for one in present.outcomes}
    if missing := sorted(ours.keys() ^ theirs.keys()):
        raise ConfigError(
            f"{candidate.model!r} and {present.model!r} did not answer the same cases of {candidate.suite!r}; only "
            f"one of them has {missing[0]!r}" + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
        )
    return [score - theirs[case] for case, score in ours.items()]


def _says(figures: Figures, standing: Standing, rule: GateRule) -> str:
    told = (
        f"{figures.suite}: {figures.candidate:.3f} against {figures.present:.3f} over {figures.n} cases, a "
        f"difference of {figures.difference.mean:+.3f} that is {figures.difference.lower:+.3f} at the least"
    )
    match standing:
        case "good":
            return f"{told}: not worse by more than {rule.margin:g}"
        case "worse":
            return f"{told}: worse by more than {rule.margin:g}"
        case "unclear":
            return (
                f"{told}: too few cases to tell that it is not worse by more than {rule.margin:g}; it would take "
                f"about {figures.needed}"
            )


def _unasked(candidate: Held) -> list[str]:
    """Say in how many cases the candidate came to nothing, which count against it."""
    failed = [one for one in candidate.outcomes if one.error]
    if not failed:
        return []
    return [f"{candidate.model!r} came to no decision in {len(failed)} of them ({failed[0].error})"]


def _unfair(present: Held, rule: GateRule) -> list[str]:
    """Say where the present model looks worse than it is, as it was not asked in fact."""
    failed = [one for one in present.outcomes if one.error]
    if len(failed) <= rule.most_errors * len(present.outcomes):
        return []
    return [
        f"{present.model!r} came to no decision in {len(failed)} of {len(present.outcomes)} cases of "
        f"{present.suite} ({failed[0].error}); hold it again"
    ]
