"""Controls: what a judge is measured with."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.data_handbook import truthful
from mainspring.data import Example, Kind, Span
from mainspring.data.team import Team
from mainspring.data.team.answers import Judged
from mainspring.data.team.controls import Control, Rates, chosen, is_planted, measure, measured, shipped, spoilt
from tests.unit.data.team.made import speaking, team

YES = Judged(supported=True, answers=True, stands_alone=True)
NO = Judged(supported=False, answers=True, stands_alone=True)
GOOD = Control(text="It is 7.", question="What?", answer="It is 7.", is_good=True)
BAD = Control(text="It is 7.", question="What?", answer="It is 8.", is_good=False, fault="number")
RATES = st.builds(
    lambda faults, n_good, n_bad: Rates(
        model="m", n_good=n_good, n_bad=n_bad + sum(faults.values()),
        n_false_accepts=sum(faults.values()), missed=faults,
    ),
    st.dictionaries(st.sampled_from(["number", "name", "reason"]), st.integers(1, 5)),
    st.integers(0, 9),
    st.integers(0, 9),
)  # fmt: skip


def example(answer: str, *, start: int = 0, kind: Kind = "factual") -> Example:
    span = Span(document="d", start=start, end=start + 1, quote="x")
    return Example(kind=kind, question="How long?", answer=answer, spans=(span,), document="d", passages=(0,))


def test_there_are_as_many_good_controls_as_bad_ones_for_what_a_build_measures_with() -> None:
    controls = chosen(24)
    assert len(set(map(repr, controls))) == len(controls) == 24
    assert Counter(control.is_good for control in controls) == {True: 12, False: 12}
    assert len({control.fault for control in controls if not control.is_good}) > 4
    assert len({control.text for control in controls}) > 4


@pytest.mark.parametrize("n", [2, 8, 14])
def test_a_smaller_choice_is_balanced_too_and_part_of_the_larger(n: int) -> None:
    assert sum(control.is_good for control in chosen(n)) == n // 2
    assert chosen(n) == chosen(24)[:n]


def test_each_shipped_bad_control_says_what_is_wrong_and_no_good_one_does() -> None:
    assert all(bool(control.fault) != control.is_good for control in shipped())
    assert all(control.question.endswith("?") and control.answer for control in shipped())


async def measured_team(judges: Team) -> Rates:
    rates = [await measure(judges, control) for control in chosen(24)]
    return sum(rates, start=Rates(model="judge"))


async def test_a_judge_that_knows_lets_nothing_bad_pass_and_counts() -> None:
    rates = await measured_team(team(truthful, truthful))
    assert (rates.n_good, rates.n_bad, rates.n_false_accepts, rates.n_false_rejects) == (12, 12, 0, 0)
    assert rates.counts(0.0, 0.0)


async def test_a_judge_that_always_says_yes_does_not_count_and_what_it_missed_is_told() -> None:
    rates = await measured_team(team(truthful, speaking(supported=lambda _: YES.model_dump())))
    assert (rates.false_accept_rate, rates.false_reject_rate) == (1.0, 0.0)
    assert sum(rates.missed.values()) == 12
    assert not rates.counts(0.2, 0.4)


async def test_a_judge_that_cannot_be_read_counts_as_one_that_refuses() -> None:
    rates = await measured_team(team(truthful, speaking(supported=lambda _: {"supported": "perhaps"})))
    assert (rates.false_accept_rate, rates.false_reject_rate) == (0.0, 1.0)
    assert not rates.counts(0.2, 0.4)


@pytest.mark.parametrize(
    ("control", "judged", "expected"),
    [
        (GOOD, YES, Rates(model="m", n_good=1)),
        (GOOD, NO, Rates(model="m", n_good=1, n_false_rejects=1)),
        (BAD, YES, Rates(model="m", n_bad=1, n_false_accepts=1, missed={"number": 1})),
        (BAD, NO, Rates(model="m", n_bad=1)),
    ],
)
def test_what_a_judge_says_of_a_control_is_counted(control: Control, judged: Judged, expected: Rates) -> None:
    assert measured("m", control, judged) == expected


@given(st.lists(RATES, max_size=5))
def test_rates_add_up_in_whatever_order(several: list[Rates]) -> None:
    total = sum(several, start=Rates(model="m"))
    assert total == sum(reversed(several), start=Rates(model="m"))
    assert total.n_bad == sum(one.n_bad for one in several)
    assert sum(total.missed.values()) == total.n_false_accepts


@pytest.mark.parametrize(
    ("n_false_accepts", "n_false_rejects", "counts"), [(2, 4, True), (3, 4, False), (2, 5, False), (0, 0, True)]
)
def test_a_judge_counts_within_both_bounds(n_false_accepts: int, n_false_rejects: int, *, counts: bool) -> None:
    rates = Rates(model="m", n_good=10, n_bad=10, n_false_accepts=n_false_accepts, n_false_rejects=n_false_rejects)
    assert rates.counts(0.2, 0.4) == counts


@pytest.mark.parametrize("rates", [Rates(model="m"), Rates(model="m", n_good=5), Rates(model="m", n_bad=5)])
def test_a_judge_that_was_not_measured_on_both_does_not_count(rates: Rates) -> None:
    assert not rates.counts(1.0, 1.0)


@pytest.mark.parametrize("answer", ["It takes 14 hours.", "0 of them.", "They cost 1,240 euros, 7 pieces.", "V2"])
def test_a_number_is_spoilt_into_another_one_and_the_rest_stays(answer: str) -> None:
    wrong = spoilt(example(answer), [])
    assert wrong is not None
    assert (wrong.is_good, wrong.fault) == (False, "number")
    assert wrong.answer != answer
    assert _without_digits(wrong.answer) == _without_digits(answer)


def test_an_answer_without_a_number_is_spoilt_into_that_of_another_question() -> None:
    good, other = example("It is blue."), example("It is red.", start=5)
    wrong = spoilt(good, [good, other])
    assert wrong is not None
    assert (wrong.question, wrong.answer, wrong.fault) == ("How long?", "It is red.", "other question")


@pytest.mark.parametrize(
    "others", [[], [example("It is blue.")], [example("It is red.")], [example("It is blue.", start=5)]]
)
def test_nothing_is_spoilt_where_the_other_answer_might_be_right(others: Sequence[Example]) -> None:
    assert spoilt(example("It is blue."), others) is None


def test_about_the_share_that_is_wanted_is_planted_and_always_the_same() -> None:
    examples = [example(f"It is {number}.") for number in range(2_000)]
    planted = [one.id for one in examples if is_planted(one, 0.1)]
    assert len(planted) == pytest.approx(200, abs=50)
    assert planted == [one.id for one in examples if is_planted(one, 0.1)]
    assert not any(is_planted(one, 0.0) for one in examples)
    assert all(is_planted(one, 1.0) for one in examples)


def _without_digits(words: str) -> str:
    return "".join(letter for letter in words if not letter.isdigit())
