"""What every store of runs keeps true about money that is held for something that is not a run."""

import asyncio
from collections import Counter

import pytest

from mainspring.core import Budget
from mainspring.core.errors import ConfigError, JournalError
from mainspring.runs.journal import Store
from mainspring.runs.ledger import DoesNotFit, Reserve, Settle
from tests.contract.storing import Place, more, new

NOW = 1000.0
LATER = NOW + 60.0
HOUR_S = 3600.0


async def test_what_is_held_is_not_left_until_the_truth_is_settled(store: Store) -> None:
    await store.allow("team", Budget(output_tokens=100))
    await hold(store, "request", 60, field="output_tokens")
    assert await figures(store, field="output_tokens") == (0, 60, 40)
    await settle(store, "request", 5, field="output_tokens")
    assert await figures(store, field="output_tokens") == (5, 0, 95)


async def test_nobody_knowing_better_the_whole_is_spent_and_more_than_was_held_may_be(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=10))
    await hold(store, "one", 4)
    await hold(store, "two", 4)
    await settle(store, "one", None)
    await settle(store, "two", 9)
    assert await figures(store) == (13, 0, -3)


async def test_a_hold_counts_in_every_budget_or_in_none(store: Store) -> None:
    await store.allow("big", Budget(tool_calls=10))
    await store.allow("small", Budget(tool_calls=1))
    await hold(store, "one", 1, budgets=("big", "small", "big"))
    with pytest.raises(DoesNotFit) as refused:
        await hold(store, "two", 1, budgets=("big", "small"))
    assert refused.value.args == ("two", "small", "tool_calls", 1, 0)
    assert await figures(store, "big") == (0, 1, 9)
    await settle(store, "one", 1)
    assert (await figures(store, "big"), await figures(store, "small")) == ((1, 0, 9), (1, 0, 0))


async def test_a_budget_that_is_not_there_is_told_of_and_nothing_is_held(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=10))
    with pytest.raises(ConfigError, match=r"no shared budget 'missing'; open it with `runs\.share_budget"):
        await hold(store, "one", 1, budgets=("team", "missing"))
    assert await figures(store) == (0, 0, 10)


async def test_nothing_is_held_twice_under_one_key_of_an_owner(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=10))
    await hold(store, "one", 1)
    with pytest.raises(JournalError, match="'gate' holds something back for 'one' already"):
        await hold(store, "one", 2)
    await hold(store, "one", 3, owner="other")
    assert await figures(store) == (0, 4, 6)
    await settle(store, "one", 1)
    await hold(store, "one", 2)
    assert await figures(store) == (1, 5, 4)


async def test_settling_again_or_what_was_never_held_changes_nothing(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=10))
    await hold(store, "one", 3)
    await settle(store, "one", 2)
    await settle(store, "one", 3)
    await settle(store, "never", 4)
    assert await figures(store) == (2, 0, 8)


async def test_fifty_that_hold_at_once_get_as_many_as_fit(place: Place) -> None:
    stores = [await place.open(), await place.open()]
    await stores[0].allow("team", Budget(tool_calls=10))
    told = await asyncio.gather(
        *(hold(stores[number % 2], f"request {number}", 1) for number in range(50)), return_exceptions=True
    )
    assert Counter(map(type, told)) == {type(None): 10, DoesNotFit: 40}
    assert await figures(stores[1]) == (0, 10, 0)
    await asyncio.gather(*(settle(stores[number % 2], f"request {number}", 0) for number in range(50)))
    assert await figures(stores[0]) == (0, 0, 10)


async def test_runs_and_holders_that_draw_on_the_same_budgets_never_overdraw_them(place: Place) -> None:
    stores = [await place.open() for _ in range(3)]
    await stores[0].allow("team", Budget(tool_calls=30))
    await stores[0].allow("all", Budget(tool_calls=40))
    chains = (("team", "all"), ("all", "team"))
    await asyncio.gather(*(stores[n % 3].append(new(f"run_{n}", budgets=chains[n % 2])) for n in range(40)))

    async def draw(number: int) -> None:
        store, chain = stores[number % 3], chains[number % 2]
        await hold(store, f"request {number}", 1, budgets=chain)
        await settle(store, f"request {number}", 1)

    async def reserve(number: int) -> None:
        wanted = (Reserve("call", {"tool_calls": 1}),)
        await stores[number % 3].append(more(f"run_{number}", 0, reserve=wanted))
        await stores[number % 3].append(more(f"run_{number}", 0, settle=(Settle("call"),)))

    told = await asyncio.gather(*map(draw, range(40)), *map(reserve, range(40)), return_exceptions=True)
    assert Counter(map(type, told)) == {type(None): 30, DoesNotFit: 50}
    assert (await figures(stores[0]), await figures(stores[1], "all")) == ((30, 0, 0), (30, 0, 10))


async def test_many_that_settle_one_hold_at_once_count_it_once(place: Place) -> None:
    stores = [await place.open() for _ in range(3)]
    await stores[0].allow("team", Budget(tool_calls=10))
    await hold(stores[0], "one", 4)
    await asyncio.gather(*(settle(stores[number % 3], "one", 3) for number in range(12)))
    assert await figures(stores[0]) == (3, 0, 7)


async def test_many_that_come_by_a_lapsed_hold_at_once_count_it_once(place: Place) -> None:
    stores = [await place.open() for _ in range(3)]
    await stores[0].allow("team", Budget(tool_calls=20))
    await hold(stores[0], "dead", 4)
    await asyncio.gather(
        *(settle(stores[number % 3], "dead", 1, now=LATER + 1) for number in range(6)),
        *(hold(stores[number % 3], f"request {number}", 1, now=LATER + 1) for number in range(12)),
    )
    assert await figures(stores[0]) == (4, 12, 4)


async def test_a_hold_whose_time_has_passed_is_spent_whole_when_somebody_holds_on_the_same_budget(
    store: Store,
) -> None:
    await store.allow("team", Budget(tool_calls=10))
    await store.allow("all", Budget(tool_calls=20))
    await hold(store, "dead", 4, budgets=("team", "all"))
    await hold(store, "in time", 1, now=LATER)
    assert await figures(store) == (0, 5, 5)
    await hold(store, "next", 1, now=LATER + 0.1)
    assert (await figures(store), await figures(store, "all")) == ((4, 2, 4), (4, 0, 16))
    await settle(store, "dead", 1, now=LATER + 0.2)
    assert await figures(store) == (4, 2, 4)


async def test_a_hold_that_is_settled_at_its_last_moment_counts_as_the_truth_and_later_as_the_whole(
    store: Store,
) -> None:
    await store.allow("team", Budget(tool_calls=20))
    await hold(store, "one", 4)
    await hold(store, "two", 4)
    await settle(store, "one", 1, now=LATER)
    await settle(store, "two", 1, now=LATER + 0.1)
    assert await figures(store) == (5, 0, 15)


async def test_who_does_not_fit_still_finds_out_what_has_lapsed(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=5))
    await hold(store, "dead", 4)
    with pytest.raises(DoesNotFit):
        await hold(store, "next", 2, now=LATER + 1)
    assert await figures(store) == (4, 0, 1)


async def test_what_is_held_stays_held_in_the_next_window_and_counts_in_the_one_in_which_it_is_settled(
    store: Store,
) -> None:
    await store.allow("team", Budget(tool_calls=10), window="hour")
    await hold(store, "settled before", 3, now=HOUR_S - 2, until=HOUR_S + 60)
    await hold(store, "settled after", 4, now=HOUR_S - 2, until=HOUR_S + 60)
    await settle(store, "settled before", 3, now=HOUR_S - 1)
    await hold(store, "next", 1, now=HOUR_S)
    assert await figures(store) == (0, 5, 5)
    await settle(store, "settled after", 2, now=HOUR_S)
    assert await figures(store) == (2, 1, 7)


async def test_a_hold_that_lapsed_in_a_window_that_is_over_is_forgotten_with_it(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=10), window="hour")
    await store.allow("all", Budget(tool_calls=10))
    chain = ("team", "all")
    await hold(store, "dead", 6, budgets=chain, now=HOUR_S - 9, until=HOUR_S - 1)
    await hold(store, "dead later", 2, budgets=chain, now=HOUR_S - 9, until=HOUR_S + 1)
    await hold(store, "next", 1, budgets=chain, now=HOUR_S + 2)
    assert (await figures(store), await figures(store, "all")) == ((2, 1, 7), (8, 1, 1))


async def test_a_window_that_a_run_has_begun_does_not_count_what_lapsed_before_it(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=10), window="hour")
    await store.append(new("run_1", budgets=("team",)))
    await hold(store, "dead", 6, now=HOUR_S - 9, until=HOUR_S - 1)
    await store.append(more("run_1", 0, at=HOUR_S + 1, settle=(Settle("", {"tool_calls": 2}),)))
    assert await figures(store) == (2, 6, 2)
    await store.append(more("run_1", 0, at=HOUR_S + 2, reserve=(Reserve("call", {"tool_calls": 3}),)))
    assert await figures(store) == (2, 3, 5)


async def test_an_owner_with_the_name_of_a_run_keeps_its_holds_when_the_run_ends(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=10))
    await store.append(new("run_1", budgets=("team",)))
    await store.append(more("run_1", 0, reserve=(Reserve("call", {"tool_calls": 2}),)))
    await hold(store, "call", 3, owner="run_1")
    await store.append(more("run_1", 0, status="failed"))
    assert await figures(store) == (2, 3, 5)
    await settle(store, "call", 1, owner="run_1")
    assert await figures(store) == (3, 0, 7)


async def test_what_is_refused_does_not_harm_what_is_held_at_the_same_time(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=5))
    await store.append(new("run_1", budgets=("team",)))
    told = await asyncio.gather(
        hold(store, "one", 2),
        hold(store, "too much", 4),
        hold(store, "nowhere", 1, budgets=("missing",)),
        hold(store, "one", 1),
        store.append(more("run_1", 7)),
        store.append(more("run_1", 0, reserve=(Reserve("call", {"tool_calls": 1}),))),
        hold(store, "two", 2),
        return_exceptions=True,
    )
    assert [isinstance(what, Exception) for what in told] == [False, True, True, True, True, False, False]
    assert await figures(store) == (0, 5, 0)


async def test_a_hold_outlives_the_store_that_made_it(place: Place) -> None:
    first = await place.open()
    await first.allow("team", Budget(tool_calls=5))
    written = asyncio.ensure_future(hold(first, "one", 4))
    await asyncio.sleep(0)
    await first.close()
    await written
    with pytest.raises(JournalError, match="is closed"):
        await hold(first, "late", 1)
    second = await place.open()
    with pytest.raises(DoesNotFit):
        await hold(second, "two", 2)
    await settle(second, "one", 1)
    assert await figures(second) == (1, 0, 4)


async def hold(
    store: Store,
    key: str,
    amount: int,
    *,
    budgets: tuple[str, ...] = ("team",),
    owner: str = "gate",
    field: str = "tool_calls",
    now: float = NOW,
    until: float | None = None,
) -> None:
    """Hold an amount back for a minute."""
    wanted = Reserve(key, {field: amount})  # type: ignore[dict-item]  # the name of a field
    await store.hold(owner, budgets, wanted, now=now, until=now + 60.0 if until is None else until)


async def settle(
    store: Store,
    key: str,
    amount: int | None,
    *,
    owner: str = "gate",
    field: str = "tool_calls",
    now: float = NOW,
) -> None:
    """Settle a hold; None for an amount that nobody knows."""
    amounts = None if amount is None else {field: amount}
    await store.settle_hold(owner, Settle(key, amounts), now=now)  # type: ignore[arg-type]  # the name of a field


async def figures(store: Store, name: str = "team", field: str = "tool_calls") -> tuple[int, int, int | None]:
    """Give what is spent of a budget, held back and left."""
    found = (await store.balances([name]))[name]
    amounts = [dict(kept).get(field, 0) for kept in (found.spent, found.reserved)]  # type: ignore[call-overload]  # the name of a field
    return amounts[0], amounts[1], found.left(field)  # type: ignore[arg-type]  # the name of a field
