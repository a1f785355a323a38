"""The gate: what a tuned model has to reach, and what is said where that cannot be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.core.errors import ConfigError
from mainspring.promotion import GateRule, gate
from tests.unit.promotion.making import held

RULE = GateRule()
RIGHT, WRONG = 1.0, 0.0


def test_a_model_that_answers_as_the_present_one_does_passes_where_there_are_enough_cases() -> None:
    verdict = gate(held([RIGHT] * 100), held([RIGHT] * 100, "large"), None, None, RULE)
    assert verdict.passed
    assert (verdict.candidate, verdict.present, verdict.task.n) == ("tuned", "large", 100)
    assert -RULE.margin < verdict.task.difference.lower < 0
    assert "no general suite was given" in verdict.reasons[-1]


def test_a_model_that_is_better_passes_and_one_that_is_plainly_worse_does_not() -> None:
    good, bad = [RIGHT] * 95 + [WRONG] * 5, [RIGHT] * 80 + [WRONG] * 20
    assert gate(held(good), held(bad), None, None, RULE).passed
    verdict = gate(held(bad), held(good), None, None, RULE)
    assert not verdict.passed
    assert "worse by more than 0.03" in verdict.reasons[0]
    assert verdict.task.needed is None


def test_few_cases_do_not_pass_and_it_is_said_how_many_would_tell() -> None:
    verdict = gate(held([RIGHT] * 20), held([RIGHT] * 20), None, None, RULE)
    assert not verdict.passed
    needed = verdict.task.needed
    assert needed is not None
    assert f"it would take about {needed}" in verdict.reasons[0]
    assert gate(held([RIGHT] * needed), held([RIGHT] * needed), None, None, RULE).passed


def test_a_score_within_the_margin_gets_a_trial_where_the_cases_tell_no_more() -> None:
    one, other = [RIGHT] * 50 + [WRONG] * 10 + [RIGHT] * 9, [RIGHT] * 50 + [RIGHT] * 10 + [WRONG] * 9
    verdict = gate(held(one), held(other), None, None, RULE)
    assert (verdict.passed, verdict.share) == (False, RULE.trial_share)
    assert "too few cases" in verdict.reasons[0]
    assert verdict.reasons[-1] == "so it may be tried with 10%, and live results tell more"
    assert gate(held(one), held(other), None, None, GateRule(trial_share=0)).share == 0
    assert gate(held(one), held(other), None, None, GateRule(least_for_trial=70)).share == 0


def test_there_is_no_trial_for_what_is_worse_or_has_forgotten_other_things() -> None:
    one, other = [RIGHT] * 50 + [WRONG] * 14 + [RIGHT] * 5, [RIGHT] * 50 + [RIGHT] * 14 + [WRONG] * 5
    assert gate(held(one), held(other), None, None, RULE).share == 0
    general, forgotten = held([RIGHT] * 40, suite="facts"), held([RIGHT] * 30 + [WRONG] * 10, suite="facts")
    assert gate(held(other), held(other), forgotten, general, RULE).share == 0


@given(n=st.integers(1, 40), n_lost=st.integers(0, 2), n_won=st.integers(0, 4))
def test_what_it_would_take_is_more_than_there_is(n: int, n_lost: int, n_won: int) -> None:
    scores = [RIGHT] * n + [WRONG] * n_lost + [RIGHT] * n_won
    present = [RIGHT] * n + [RIGHT] * n_lost + [WRONG] * n_won
    verdict = gate(held(scores), held(present), None, None, RULE)
    if verdict.task.needed is not None:
        assert verdict.task.needed > len(scores)
        assert not verdict.passed


def test_what_is_gained_in_some_cases_makes_up_for_what_is_lost_in_others() -> None:
    one, other = [RIGHT] * 90 + [RIGHT] * 8 + [WRONG] * 2, [RIGHT] * 90 + [WRONG] * 8 + [RIGHT] * 2
    assert gate(held(one), held(other), None, None, RULE).passed


def test_a_model_that_has_forgotten_other_things_does_not_pass_however_good_it_is_at_the_task() -> None:
    task, worse = [RIGHT] * 100, [RIGHT] * 50 + [WRONG] * 50
    general, forgotten = [RIGHT] * 36 + [WRONG] * 4, [RIGHT] * 30 + [WRONG] * 10
    verdict = gate(held(task), held(worse), held(forgotten, suite="facts"), held(general, suite="facts"), RULE)
    assert not verdict.passed
    assert verdict.reasons[-1] == "facts: 0.750 against 0.900 over 40 cases: 16.7% is lost, and 5.0% may be"
    kept = gate(held(task), held(worse), held(general, suite="facts"), held(general, suite="facts"), RULE)
    assert kept.passed
    assert "nothing is lost" in kept.reasons[-1]


def test_too_few_other_things_tell_of_nothing() -> None:
    task, few = held([RIGHT] * 100), held([RIGHT] * 10, suite="facts")
    verdict = gate(task, task, few, few, RULE)
    assert not verdict.passed
    assert "10 cases; 30 tell" in verdict.reasons[-1]


def test_a_present_model_that_could_not_be_asked_proves_nothing_for_the_other() -> None:
    verdict = gate(held([RIGHT] * 100), held([WRONG] * 100, "large", errors=40), None, None, RULE)
    assert not verdict.passed
    assert "'large' came to no decision in 40 of 100 cases of task (nobody listens)" in verdict.reasons[1]


def test_answers_to_other_questions_are_not_compared() -> None:
    with pytest.raises(ConfigError, match="the suite has changed"):
        gate(held([RIGHT]), held([RIGHT], suite="other"), None, None, RULE)
    with pytest.raises(ConfigError, match="only one of them has 'case-1'"):
        gate(held([RIGHT, RIGHT]), held([RIGHT]), None, None, RULE)
    with pytest.raises(ConfigError, match="both models to the general suite"):
        gate(held([RIGHT]), held([RIGHT]), held([RIGHT]), None, RULE)
