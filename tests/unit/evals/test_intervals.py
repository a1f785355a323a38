"""Intervals hold the true value as often as they say, and the same scores give the same interval."""

import random
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.evals import difference_interval, mean_interval
from mainspring.evals.bootstrap import Interval, binomial, bootstrap
from mainspring.evals.outcome import JudgeRates
from mainspring.evals.prevalence import corrected, unreliable

scores = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=20)


def share_held(draw: Callable[[random.Random], Interval], true: float, n: int = 200) -> float:
    """Give how often an interval of drawn data holds the true value."""
    rng = random.Random(7)  # noqa: S311 - repeatable on purpose
    intervals = [draw(rng) for _ in range(n)]
    return sum(one.low <= true <= one.high for one in intervals) / n


@settings(max_examples=40)
@given(scores)
def test_an_interval_holds_its_estimate_and_stays_in_range(drawn: list[float]) -> None:
    found = mean_interval(drawn)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.estimate == pytest.approx(statistics.fmean(drawn))
    assert found == mean_interval(list(reversed(drawn)))


@settings(max_examples=40)
@given(scores)
def test_a_model_is_as_good_as_itself(drawn: list[float]) -> None:
    found = difference_interval(drawn, drawn)
    assert found.estimate == 0
    assert found.low <= 0 <= found.high


@settings(max_examples=40)
@given(
    scores.flatmap(
        lambda one: st.tuples(
            st.just(one), st.lists(st.sampled_from([0.0, 1.0]), min_size=len(one), max_size=len(one))
        )
    )
)
def test_a_difference_turned_around_is_its_opposite(pair: tuple[list[float], list[float]]) -> None:
    one, other = pair
    assert difference_interval(one, other).estimate == pytest.approx(-difference_interval(other, one).estimate)


def test_the_interval_of_a_share_holds_it_even_where_nearly_all_is_right() -> None:
    def draw(rng: random.Random) -> Interval:
        return mean_interval([float(rng.random() < 0.95) for _ in range(40)])

    assert share_held(draw, 0.95, 1000) > 0.93


def test_the_bootstrap_of_parts_holds_the_mean() -> None:
    def draw(rng: random.Random) -> Interval:
        return bootstrap(rng.choices([0, 0.5, 1], [0.2, 0.3, 0.5], k=60), n_resamples=300)

    assert 0.90 < share_held(draw, 0.65) <= 0.99


def test_a_paired_difference_holds_the_true_one() -> None:
    def draw(rng: random.Random) -> Interval:
        hard = [rng.random() for _ in range(80)]
        return difference_interval([float(one < 0.8) for one in hard], [float(one < 0.7) for one in hard])

    assert share_held(draw, 0.1) > 0.93


def test_cases_of_one_document_do_not_count_as_many() -> None:
    def draw(rng: random.Random) -> Interval:
        each = [rng.random() for _ in range(30)]
        values = [one for one in each for _ in range(5)]
        return bootstrap(values, [place // 5 for place in range(150)], n_resamples=200)

    def careless(rng: random.Random) -> Interval:
        each = [rng.random() for _ in range(30)]
        return bootstrap([one for one in each for _ in range(5)], n_resamples=200)

    assert share_held(draw, 0.5, 100) > 0.88
    assert share_held(careless, 0.5, 100) < 0.75


def test_pairing_tells_what_two_intervals_do_not() -> None:
    reference = [float(place % 2) for place in range(200)]
    better = [1.0 if place in range(0, 20, 2) else score for place, score in enumerate(reference)]
    assert difference_interval(better, reference).low > 0
    assert mean_interval(better).low < mean_interval(reference).high


@pytest.mark.parametrize(("n", "share"), [(10_000, 0.3), (400, 0.02), (60, 0.9), (5, 0.5)])
def test_binomial_draws_have_the_right_mean_and_spread(n: int, share: float) -> None:
    rng = random.Random(3)  # noqa: S311 - repeatable on purpose
    drawn = [binomial(n, share, rng) for _ in range(4_000)]
    spread = n * share * (1 - share)
    assert statistics.fmean(drawn) == pytest.approx(n * share, abs=4 * (spread / 4_000) ** 0.5)
    assert statistics.pvariance(drawn) == pytest.approx(spread, rel=0.12)
    assert all(0 <= one <= n for one in drawn)


def test_no_scores_have_no_interval() -> None:
    with pytest.raises(ValueError, match="no scores"):
        mean_interval([])
    with pytest.raises(ValueError, match="pair 2"):
        difference_interval([1, 0], [1])


def test_a_judged_share_is_put_right_for_the_judge() -> None:
    rates = JudgeRates(model="j", n_cases=100, n_good=50, n_bad=50, n_false_rejects=5, n_false_accepts=10)
    found = corrected(62, 100, rates)
    assert found.estimate == pytest.approx((0.62 + 0.8 - 1) / (0.9 + 0.8 - 1))
    assert found.high - found.low > 0.2


def test_the_corrected_interval_holds_the_true_share() -> None:
    def draw(rng: random.Random) -> Interval:
        good = [rng.random() < 0.6 for _ in range(150)]
        accepted = sum(rng.random() < (0.9 if one else 0.2) for one in good)
        rates = JudgeRates(
            model="j",
            n_cases=150,
            n_good=40,
            n_bad=40,
            n_false_rejects=sum(rng.random() < 0.1 for _ in range(40)),
            n_false_accepts=sum(rng.random() < 0.2 for _ in range(40)),
        )
        return corrected(accepted, 150, rates)

    assert share_held(draw, 0.6, 40) > 0.87


def test_a_judge_that_throws_a_coin_or_was_not_measured_is_not_relied_on() -> None:
    coin = JudgeRates(model="j", n_cases=9, n_good=20, n_bad=20, n_false_rejects=10, n_false_accepts=10)
    assert unreliable(coin) == "the judge let 10 of 20 bad controls pass and refused 10 of 20 good ones"
    assert "it takes 8 of each" in unreliable(JudgeRates(model="j", n_cases=9, n_good=4, n_bad=20))
