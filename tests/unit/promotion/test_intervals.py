"""The bounds that decisions are made by hold as often as they say."""

from random import Random

import pytest

from mainspring.promotion.intervals import independent, paired

N_SAMPLES = 2000


@pytest.mark.parametrize(("n", "lost", "won"), [(40, 0.05, 0.05), (100, 0.1, 0.05), (200, 0.02, 0.02)])
def test_the_lower_bound_of_two_models_on_the_same_cases_is_below_the_truth_as_often_as_it_says(
    n: int, lost: float, won: float
) -> None:
    random = Random(7)  # noqa: S311 - draws samples
    n_below = 0
    for _ in range(N_SAMPLES):
        draws = [random.random() for _ in range(n)]
        differences = [-1.0 if draw < lost else 1.0 if draw < lost + won else 0.0 for draw in draws]
        n_below += paired(differences, 0.95).lower <= won - lost
    assert n_below / N_SAMPLES >= 0.93


@pytest.mark.parametrize(("p", "q", "n", "m"), [(0.1, 0.1, 60, 500), (0.02, 0.05, 100, 300), (0.4, 0.2, 50, 50)])
def test_the_bounds_of_two_groups_hold_the_truth_as_often_as_they_say(p: float, q: float, n: int, m: int) -> None:
    random = Random(11)  # noqa: S311 - draws samples
    n_within = 0
    for _ in range(N_SAMPLES):
        one = sum(random.random() < p for _ in range(n))
        other = sum(random.random() < q for _ in range(m))
        found = independent((one, n), (other, m), 0.975)
        n_within += found.lower <= p - q <= found.upper
    assert n_within / N_SAMPLES >= 0.94


def test_nothing_seen_says_nothing() -> None:
    found = independent((0, 0), (0, 0), 0.975)
    assert (found.lower, found.upper) == (-1.0, 1.0)
