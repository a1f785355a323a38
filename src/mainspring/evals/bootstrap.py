"""The bootstrap: the interval of a mean, found by drawing the cases again.

It is bias-corrected and accelerated (Efron, 1987), and seeded, so that the same scores give the same interval.
Cases of equal score are drawn together, by a multinomial: 2,000 resamples of 10,000 cases take a moment.
"""

import math
import random
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

LEVEL: Final = 0.95
_RESAMPLES: Final = 2_000
_NORMAL: Final = NormalDist()
_DRAWN_AT_ONCE: Final = 12
"""Cases of equal score, on average, from which on drawing them together is faster."""

Atom = tuple[float, int]
"""The sum of the scores of a case or cluster, and how many cases it is."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, and where the true value lies at the level that was asked for."""

    estimate: float
    low: float
    high: float


def bootstrap(
    values: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    level: float = LEVEL,
    n_resamples: int = _RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Give the bias-corrected and accelerated bootstrap interval of a mean.

    Args:
        values: One a case.
        clusters: Which cluster each case is of: whole clusters are drawn.
        level: How often such intervals hold the true value.
        n_resamples: How many.
        seed: Of the drawing.
    """
    atoms = Counter(sorted(_atoms(values, clusters)))
    estimate = _mean(atoms)
    if len(atoms) == 1:
        return Interval(estimate, estimate, estimate)
    means = sorted(resampled(atoms, n_resamples, random.Random(seed)))  # noqa: S311 - repeatable on purpose
    bias, acceleration = _bias(means, estimate), _acceleration(atoms)
    low, high = (
        _quantile(means, _corrected(share, bias, acceleration)) for share in ((1 - level) / 2, (1 + level) / 2)
    )
    return Interval(estimate, min(low, estimate), max(high, estimate))


def resampled(atoms: Mapping[Atom, int], n_resamples: int, rng: random.Random) -> list[float]:
    """Give the means of resamples, each with as many atoms as there are, drawn with replacement."""
    n = sum(atoms.values())
    if len(atoms) * _DRAWN_AT_ONCE <= n:
        return [_mean(_multinomial(atoms, n, rng)) for _ in range(n_resamples)]
    population = [atom for atom, count in atoms.items() for _ in range(count)]
    if any(size > 1 for _, size in atoms):
        return [_mean(Counter(rng.choices(population, k=n))) for _ in range(n_resamples)]
    values = [value for value, _ in population]
    return [sum(rng.choices(values, k=n)) / n for _ in range(n_resamples)]


def binomial(n: int, share: float, rng: random.Random) -> int:
    """Draw how many of so many trials succeed.

    Large numbers by transformed rejection (Hörmann, 1993, algorithm BTRS), small ones by waiting times.
    """
    if share > 0.5:
        return n - binomial(n, 1 - share, rng)
    if n * share < 10:
        return _by_waiting(n, share, rng)
    spread = math.sqrt(n * share * (1 - share))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * share
    centre, v_r = n * share + 0.5, 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * spread
    odds, mode = math.log(share / (1 - share)), math.floor((n + 1) * share)
    height = math.lgamma(mode + 1) + math.lgamma(n - mode + 1)
    while True:
        u = rng.random() - 0.5
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + centre) if us else -1
        if not 0 <= k <= n:
            continue
        v = rng.random()
        if us >= 0.07 and v <= v_r:
            return k
        v *= alpha / (a / (us * us) + b)
        if v and math.log(v) <= height - math.lgamma(k + 1) - math.lgamma(n - k + 1) + (k - mode) * odds:
            return k


def _by_waiting(n: int, share: float, rng: random.Random) -> int:
    if share <= 0:
        return 0
    found, place, step = 0, 0, math.log1p(-share)
    while True:
        place += math.floor(math.log(1 - rng.random()) / step) + 1
        if place > n:
            return found
        found += 1


def _multinomial(atoms: Mapping[Atom, int], n: int, rng: random.Random) -> dict[Atom, int]:
    """Draw how often each atom comes up: one binomial after the other, of what is left."""
    drawn, n_left, weight_left = {}, n, n
    for atom, count in atoms.items():
        share = min(1.0, count / weight_left)
        drawn[atom] = n_left if share == 1.0 else binomial(n_left, share, rng)
        n_left -= drawn[atom]
        weight_left -= count
    return drawn


def _atoms(values: Sequence[float], clusters: Sequence[Hashable] | None) -> list[Atom]:
    if clusters is None:
        return [(value, 1) for value in values]
    sums: dict[Hashable, list[float]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sums.setdefault(cluster, []).append(value)
    return [(math.fsum(members), len(members)) for members in sums.values()]


def _mean(atoms: Mapping[Atom, int]) -> float:
    total = math.fsum(value * count for (value, _), count in atoms.items())
    return total / sum(size * count for (_, size), count in atoms.items())


def _bias(means: Sequence[float], estimate: float) -> float:
    """Give how far the resamples' median is from the estimate; ties count by half."""
    n_below = sum(mean < estimate for mean in means) + sum(mean == estimate for mean in means) / 2
    return _NORMAL.inv_cdf(min(max(n_below / len(means), 1 / len(means)), 1 - 1 / len(means)))


def _acceleration(atoms: Mapping[Atom, int]) -> float:
    """Give a sixth of the skewness of the means that leave one out."""
    total = math.fsum(value * count for (value, _), count in atoms.items())
    size = sum(of * count for (_, of), count in atoms.items())
    without = [((total - value) / (size - of), count) for (value, of), count in atoms.items() if size > of]
    n = sum(count for _, count in without)
    middle = math.fsum(mean * count for mean, count in without) / n
    squares = math.fsum((middle - mean) ** 2 * count for mean, count in without)
    cubes = math.fsum((middle - mean) ** 3 * count for mean, count in without)
    return cubes / (6 * squares**1.5) if squares else 0.0


def _corrected(share: float, bias: float, acceleration: float) -> float:
    z = bias + _NORMAL.inv_cdf(share)
    return _NORMAL.cdf(bias + z / (1 - acceleration * z))


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
