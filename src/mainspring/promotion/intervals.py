"""How sure a decision is: two models on the same cases, and the failures of two groups of runs.

`evals` has intervals to look at; these are bounds on one side to decide by. The paired one adds two pairs, so it is
not empty where both models answered alike, and it tells how many cases would do.

Sources: A. Agresti, Y. Min, "Simple improved confidence intervals for comparing matched proportions", Statistics in
Medicine 24 (2005) 729-740; R. G. Newcombe, "Interval estimation for the difference between independent proportions:
comparison of eleven methods", Statistics in Medicine 17 (1998) 873-890, method 10.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

from mainspring.evals.intervals import wilson
from mainspring.evals.outcome import Value


class Difference(Value):
    """A difference, and between what it lies."""

    mean: float
    lower: float
    upper: float


def paired(differences: Sequence[float], confidence: float) -> Difference:
    """Give the mean difference of scores on the same cases, with a bound on each side.

    Agresti and Min add half a case to each of the four ways in which two models can be right and wrong, which are
    two pairs that differ by nothing on average. Scores with parts vary less than right and wrong do, so the bounds
    hold for them too.

    Args:
        differences: One score less the other, case by case.
        confidence: Of either bound alone.
    """
    n_pairs = len(differences) + 2
    mean = sum(differences) / n_pairs
    reach = quantile(confidence) * math.sqrt(spread(differences) / n_pairs)
    return Difference(mean=mean, lower=max(-1.0, mean - reach), upper=min(1.0, mean + reach))


def spread(differences: Sequence[float]) -> float:
    """Give the variance of a difference, the two added pairs counted in."""
    n_pairs = len(differences) + 2
    mean = sum(differences) / n_pairs
    return (sum(one * one for one in differences) + 1.0) / n_pairs - mean * mean


def independent(one: tuple[int, int], other: tuple[int, int], confidence: float) -> Difference:
    """Give the first share less the second, of samples that have nothing to do with each other.

    Args:
        one: How many failed, of how many.
        other: The same of the other sample.
        confidence: Of either bound alone.
    """
    p, p_low, p_high = _share(*one, confidence)
    q, q_low, q_high = _share(*other, confidence)
    lower = p - q - math.hypot(p - p_low, q_high - q)
    upper = p - q + math.hypot(p_high - p, q - q_low)
    return Difference(mean=p - q, lower=max(-1.0, lower), upper=min(1.0, upper))


def quantile(confidence: float) -> float:
    """Give how many standard deviations away a bound on one side is."""
    return NormalDist().inv_cdf(confidence)


def _share(n_failed: int, n: int, confidence: float) -> tuple[float, float, float]:
    """Give a share and its bounds; everything is possible where there is nothing."""
    if n == 0:
        return 0.0, 0.0, 1.0
    found = wilson(n_failed, n, level=2 * confidence - 1)
    return found.estimate, found.low, found.high
