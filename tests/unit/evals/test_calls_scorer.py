"""The scorer of tool calls: arguments are values, calls side by side a set with repetitions."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from mainspring.core import ToolSpec
from tests.unit.evals.making import calling, scored

TOOL = ToolSpec("add", "", {"properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 1}}})

names = st.sampled_from(["add", "find", "send"])
values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=2),
    max_leaves=4,
)
arguments = st.dictionaries(st.sampled_from("abcd"), values, max_size=3)
calls = st.lists(st.tuples(names, arguments), min_size=1, max_size=4)
Expect = dict[str, JsonValue]
Calls = list[tuple[str, Expect]]


def expecting(made: Calls) -> Expect:
    return {"calls": [{"name": name, "arguments": given} for name, given in made]}


@given(calls.flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))))
def test_the_expected_calls_are_right_in_any_order(orders: tuple[Calls, Calls]) -> None:
    made, shuffled = orders
    assert scored("calls", expecting(made), calling(*shuffled)).score == 1


@given(calls, calls)
def test_a_score_is_a_share_and_only_all_of_it_is_free_of_problems(made: Calls, wanted: Calls) -> None:
    verdict = scored("calls", expecting(wanted), calling(*made))
    assert 0 <= verdict.score <= 1
    assert (verdict.score == 1) == (not verdict.why)


@given(calls)
def test_a_call_too_many_or_too_few_is_never_right(made: Calls) -> None:
    assert scored("calls", expecting(made), calling(*made, made[0])).score < 1
    assert scored("calls", expecting([*made, made[0]]), calling(*made)).score < 1


def test_numbers_and_case_and_blanks_and_order_of_fields_do_not_count() -> None:
    wanted: Expect = {"calls": [{"name": "send", "arguments": {"n": 5, "to": "Ann Lee", "at": {"x": 1, "y": 2}}}]}
    made = calling(("send", {"at": {"y": 2.0, "x": 1}, "to": " ann  LEE", "n": 5.0}))
    assert scored("calls", wanted, made).score == 1


def test_true_is_no_number() -> None:
    assert (
        scored("calls", {"calls": [{"name": "f", "arguments": {"n": 1}}]}, calling(("f", {"n": True}))).score == 0
    )


def test_an_argument_at_its_default_is_the_same_as_left_out() -> None:
    left_out: Expect = {"calls": [{"name": "add", "arguments": {"a": 2}}]}
    said: Expect = {"calls": [{"name": "add", "arguments": {"a": 2, "b": 1}}]}
    assert scored("calls", left_out, calling(("add", {"a": 2, "b": 1})), TOOL).score == 1
    assert scored("calls", said, calling(("add", {"a": 2})), TOOL).score == 1
    assert scored("calls", left_out, calling(("add", {"a": 2, "b": 3})), TOOL).score == 0.5


def test_the_score_is_the_share_of_right_arguments_and_says_which_are_wrong() -> None:
    verdict = scored(
        "calls",
        {"calls": [{"name": "f", "arguments": {"a": 1, "b": 2, "c": 3}}]},
        calling(("f", {"a": 1, "b": 9, "d": 4})),
    )
    assert verdict.score == 0.25
    assert verdict.why == "f: b is 9 instead of 2; f: c is missing; f: d should be left out"


def test_alternatives_and_ignored_arguments_are_taken() -> None:
    wanted: Expect = {"calls": [{"name": "f", "arguments": {"a": {"any": [1, "one"]}, "b": {"ignore": True}}}]}
    assert scored("calls", wanted, calling(("f", {"a": "One"}))).score == 1
    assert scored("calls", wanted, calling(("f", {"a": 1, "b": "whatever"}))).score == 1
    assert scored("calls", wanted, calling(("f", {"a": 2}))).why == "f: a is 2 instead of 1 or 'one'"


def test_alternatives_do_not_keep_calls_from_being_paired_as_well_as_can_be() -> None:
    wanted: Expect = {
        "calls": [{"name": "f", "arguments": {"a": {"any": [1, 2]}}}, {"name": "f", "arguments": {"a": 1}}]
    }
    calls_made: Calls = [("f", {"a": 1}), ("f", {"a": 2})]
    for made in permutations(calls_made):
        assert scored("calls", wanted, calling(*made)).score == 1


def test_an_answer_is_no_call_and_a_call_no_answer() -> None:
    assert scored("calls", {"calls": [{"name": "f"}]}, "five").why == "it answers 'five' instead of calling f"
    assert scored("no_call", {}, calling(("f", {}))).why == "it calls f instead of answering"
    assert scored("no_call", {}, "I cannot do that.").score == 1
