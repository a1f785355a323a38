"""What every store of runs keeps true about budgets that are whole again when a window of time begins."""

from datetime import UTC, datetime

import pytest

from mainspring.core import Budget
from mainspring.runs.journal import Append, Store
from mainspring.runs.ledger import Balance, DoesNotFit, Reserve, Settle
from mainspring.runs.windows import Window
from tests.contract.storing import new

HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("window", "before", "begins"),
    [
        ("hour", (2023, 12, 31, 23), (2024, 1, 1)),
        ("day", (2024, 2, 28), (2024, 2, 29)),
        ("month", (2024, 2, 1), (2024, 3, 1)),
    ],
)
async def test_a_budget_is_whole_again_from_the_first_moment_of_its_next_window(
    store: Store, window: Window, before: tuple[int, int, int], begins: tuple[int, int, int]
) -> None:
    first, second = (datetime(*moment, tzinfo=UTC).timestamp() for moment in (before, begins))
    await store.allow("team", Budget(tool_calls=1), window=window)
    await store.append(new("run_1", budgets=("team",)))
    await _at(store, first, settle=(Settle("one", {"tool_calls": 1}),))
    with pytest.raises(DoesNotFit):
        await _at(store, second - 0.001, reserve=(Reserve("two", {"tool_calls": 1}),))
    await _at(store, second, reserve=(Reserve("three", {"tool_calls": 1}),))
    team = await _team(store)
    assert (team.window, team.since, team.left("tool_calls")) == (window, second, 0)


async def test_a_writer_whose_clock_is_behind_does_not_start_a_window_over(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=3), window="hour")
    await store.append(new("run_1", budgets=("team",)))
    await _at(store, HOUR_S + 1, settle=(Settle("ahead", {"tool_calls": 2}),))
    await _at(store, HOUR_S - 1, settle=(Settle("behind", {"tool_calls": 1}),))
    with pytest.raises(DoesNotFit):
        await _at(store, HOUR_S + 2, reserve=(Reserve("two", {"tool_calls": 1}),))


async def test_a_longer_window_keeps_what_was_spent_and_a_shorter_one_forgets_what_was_before_it(
    store: Store,
) -> None:
    await store.allow("team", Budget(tool_calls=5), window="day")
    await store.append(new("run_1", budgets=("team",)))
    noon = datetime(2024, 5, 17, 12, tzinfo=UTC).timestamp()
    await _at(store, noon, settle=(Settle("one", {"tool_calls": 2}),))
    await store.allow("team", Budget(tool_calls=5), window="month")
    await _at(store, noon + 48 * HOUR_S, settle=(Settle("two", {"tool_calls": 1}),))
    assert (await _team(store)).left("tool_calls") == 2
    await store.allow("team", Budget(tool_calls=5), window="hour")
    await _at(store, noon + 49 * HOUR_S, settle=(Settle("three", {"tool_calls": 1}),))
    assert (await _team(store)).left("tool_calls") == 4


async def _team(store: Store) -> Balance:
    return (await store.balances(["team"]))["team"]


async def _at(store: Store, at: float, reserve: tuple[Reserve, ...] = (), settle: tuple[Settle, ...] = ()) -> None:
    await store.append(Append(run="run_1", expected=0, at=at, reserve=reserve, settle=settle))
