from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mainspring.core import NOTHING, ONE_TOOL_CALL, Usage

counts = st.integers(min_value=0, max_value=10**9)
costs = st.decimals(min_value=0, max_value=1000, places=6)


def usages(cost: st.SearchStrategy[Decimal | None]) -> st.SearchStrategy[Usage]:
    return st.builds(
        Usage,
        input_tokens=counts,
        output_tokens=counts,
        cached_tokens=counts,
        model_calls=counts,
        tool_calls=counts,
        cost_usd=cost,
    )


anything = usages(st.none() | costs)
priced = usages(costs)
unpriced = usages(st.none())


@given(anything, anything)
def test_every_count_adds_up(one: Usage, other: Usage) -> None:
    total = one + other
    assert total.input_tokens == one.input_tokens + other.input_tokens
    assert total.output_tokens == one.output_tokens + other.output_tokens
    assert total.cached_tokens == one.cached_tokens + other.cached_tokens
    assert total.model_calls == one.model_calls + other.model_calls
    assert total.tool_calls == one.tool_calls + other.tool_calls


@given(priced, priced)
def test_known_costs_add_up_to_the_last_digit(one: Usage, other: Usage) -> None:
    assert one.cost_usd is not None
    assert other.cost_usd is not None
    assert (one + other).cost_usd == one.cost_usd + other.cost_usd


@given(anything, unpriced)
def test_an_unknown_cost_stays_unknown_whatever_is_added(one: Usage, unknown: Usage) -> None:
    assert (one + unknown).cost_usd is None
    assert (unknown + one).cost_usd is None


@given(anything, anything, anything)
def test_adding_depends_neither_on_order_nor_on_grouping(one: Usage, two: Usage, three: Usage) -> None:
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)


@given(anything)
def test_nothing_added_changes_nothing(usage: Usage) -> None:
    assert usage + NOTHING == usage


def test_a_tool_call_costs_nothing_that_is_not_known() -> None:
    assert Usage(tool_calls=1, cost_usd=Decimal(0)) == NOTHING + ONE_TOOL_CALL
