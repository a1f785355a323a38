"""How sure a score is: intervals of means, and of the difference of two models on the same cases.

* Of shares (each case is right or wrong): Wilson's interval (Wilson, 1927), which holds its level where few cases
  are wrong, or none (Brown, Cai and DasGupta, 2001).
* Of the difference of two shares on the same cases: Newcombe's method 10 (Newcombe, 1998), made of Wilson's.
* Of anything else, scores with parts and cases that come in clusters: the bootstrap (`bootstrap.py`); of a
  difference, over the cases' own differences (arXiv 2411.00640 says why).
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from statistics import NormalDist
from typing import Final

from mainspring.evals.bootstrap import LEVEL, Interval, bootstrap

_NORMAL: Final = NormalDist()


def mean_interval(
    scores: Sequence[float], clusters: Sequence[Hashable] | None = None, *, level: float = LEVEL
) -> Interval:
    """Give the interval of a mean score.

    Args:
        scores: One a case, from 0 to 1.
        clusters: Which cluster each case is of; each is its own if not given.
        level: How often such intervals hold the true value.

    Raises:
        ValueError: There are no scores.
    """
    if not scores:
        raise ValueError("there are no scores to take the mean of")
    if clusters is None and all(score in (0, 1) for score in scores):
        return wilson(round(sum(scores)), len(scores), level=level)
    return bootstrap(scores, clusters, level=level)


def difference_interval(
    scores: Sequence[float],
    reference: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    level: float = LEVEL,
) -> Interval:
    """Give the interval of how much better one model is than another, on the same cases in the same order.

    Args:
        scores: Of the one, a case each, from 0 to 1.
        reference: Of the other.
        clusters: Which cluster each case is of; each is its own if not given.
        level: How often such intervals hold the true value.

    Raises:
        ValueError: There are no scores, or not as many of the one as of the other.
    """
    if not scores or len(scores) != len(reference):
        raise ValueError(f"cannot pair {len(scores)} scores with {len(reference)}")
    if clusters is None and all(score in (0, 1) for score in (*scores, *reference)):
        return newcombe(scores, reference, level=level)
    return bootstrap([one - other for one, other in zip(scores, reference, strict=True)], clusters, level=level)


def wilson(n_right: int, n: int, *, level: float = LEVEL) -> Interval:
    """Give Wilson's interval of a share: the shares of which the observed one is not too far off."""
    share, z = n_right / n, _z(level)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if n_right == 0 else max(0.0, middle - half)
    return Interval(share, low, 1.0 if n_right == n else min(1.0, middle + half))


def newcombe(scores: Sequence[float], reference: Sequence[float], *, level: float = LEVEL) -> Interval:
    """Give Newcombe's interval (method 10) of the difference of two shares on the same cases."""
    n = len(scores)
    one, other = (wilson(round(sum(each)), n, level=level) for each in (scores, reference))
    difference = one.estimate - other.estimate
    phi = _phi(Counter(zip(map(bool, scores), map(bool, reference), strict=True)))
    below = (one.estimate - one.low, other.high - other.estimate)
    above = (other.estimate - other.low, one.high - one.estimate)
    low, high = (math.sqrt(max(0.0, a * a - 2 * phi * a * b + b * b)) for a, b in (below, above))
    return Interval(difference, difference - low, difference + high)


def _phi(pairs: Mapping[tuple[bool, bool], int]) -> float:
    """Give how far two models are right on the same cases, with Newcombe's correction for few of them."""
    both, first, second, none = (
        pairs.get(key, 0) for key in ((True, True), (True, False), (False, True), (False, False))
    )
    product = (both + first) * (second + none) * (both + second) * (first + none)
    if not product:
        return 0.0
    excess, n = both * none - first * second, both + first + second + none
    return (max(excess - n / 2, 0) if excess > 0 else excess) / math.sqrt(product)


def _z(level: float) -> float:
    return _NORMAL.inv_cdf((1 + level) / 2)
