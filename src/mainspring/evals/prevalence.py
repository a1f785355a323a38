"""The share of good answers, put right for a judge that is wrong at a known rate.

The estimator is that of Rogan and Gladen (1978), made for diagnostic tests: with `q` the share that the judge
accepts, `se` the share of good controls that it accepts and `sp` the share of bad ones that it refuses, the share
of good answers is `(q + sp - 1) / (se + sp - 1)`. The interval carries the doubt of all three: each is drawn from
its posterior under Jeffreys' prior (Brown, Cai and DasGupta, 2001), and the estimate taken of each draw.
"""

import random
from typing import Final

from mainspring.evals.bootstrap import LEVEL, Interval
from mainspring.evals.outcome import JudgeRates

_DRAWS: Final = 2_000
_LEAST_CONTROLS: Final = 8
"""Of good ones, and of bad ones: with fewer nobody knows what a judge is worth."""
_LEAST_YOUDEN: Final = 0.4
"""What `se + sp - 1` has to be; 0 is a judge that throws a coin."""


def unreliable(rates: JudgeRates) -> str:
    """Say why a judge's scores cannot be put right; empty where they can."""
    if min(rates.n_good, rates.n_bad) < _LEAST_CONTROLS:
        return (
            f"the judge was measured with {rates.n_good} good and {rates.n_bad} bad controls; "
            f"it takes {_LEAST_CONTROLS} of each"
        )
    youden = 1 - rates.n_false_rejects / rates.n_good - rates.n_false_accepts / rates.n_bad
    if youden < _LEAST_YOUDEN:
        return (
            f"the judge let {rates.n_false_accepts} of {rates.n_bad} bad controls pass "
            f"and refused {rates.n_false_rejects} of {rates.n_good} good ones"
        )
    return ""


def corrected(n_accepted: int, n: int, rates: JudgeRates, *, level: float = LEVEL, seed: int = 0) -> Interval:
    """Give the interval of the share of good answers.

    Args:
        n_accepted: Answers that the judge accepted.
        n: Answers that it judged.
        rates: How it did with controls, some of them good and some bad.
        level: How often such intervals hold the true share.
        seed: Of the drawing.
    """
    estimate = _rogan_gladen(
        n_accepted / n, 1 - rates.n_false_rejects / rates.n_good, 1 - rates.n_false_accepts / rates.n_bad
    )
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    draws = sorted(
        _rogan_gladen(
            _jeffreys(n_accepted, n, rng),
            _jeffreys(rates.n_good - rates.n_false_rejects, rates.n_good, rng),
            _jeffreys(rates.n_bad - rates.n_false_accepts, rates.n_bad, rng),
        )
        for _ in range(_DRAWS)
    )
    tail = round(_DRAWS * (1 - level) / 2)
    return Interval(estimate, min(draws[tail], estimate), max(draws[-tail - 1], estimate))


def _rogan_gladen(accepted: float, sensitivity: float, specificity: float) -> float:
    youden = sensitivity + specificity - 1
    if youden <= 0:
        return 0.5
    return min(1.0, max(0.0, (accepted + specificity - 1) / youden))


def _jeffreys(n_of: int, n: int, rng: random.Random) -> float:
    return rng.betavariate(n_of + 0.5, n - n_of + 0.5)
