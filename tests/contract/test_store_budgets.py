"""What every store of runs keeps true about budgets: nothing is spent that was not there."""

import asyncio
from collections import Counter
from decimal import Decimal

import pytest

from mainspring.core import Budget
from mainspring.core.errors import JournalError
from mainspring.core.events import CancelAsked
from mainspring.runs.journal import Append, Store
from mainspring.runs.ledger import Balance, DoesNotFit, Reserve, Settle
from tests.contract.storing import Place, more, new

STOP = CancelAsked(by="ada")
DAY_S = 86_400.0


async def test_a_budget_that_nobody_opened_is_left_out(store: Store) -> None:
    await store.allow("team", Budget(usd=Decimal("1.5")), window="day")
    assert await store.balances(["team", "missing"]) == {
        "team": Balance("team", Budget(usd=Decimal("1.5")), window="day")
    }
    assert await store.balances([]) == {}


async def test_a_reservation_is_held_back_until_the_truth_is_settled(store: Store) -> None:
    await store.append(new("run_1", budgets=("team",), limits={"team": Budget(usd=Decimal(1), tool_calls=3)}))
    await store.append(more("run_1", 0, STOP, reserve=(Reserve("call", {"usd": 900_000_001, "tool_calls": 1}),)))
    held = await _balance(store)
    assert (held.reserved, held.spent) == ({"usd": 900_000_001, "tool_calls": 1}, {})
    assert (held.left("usd"), held.left("tool_calls")) == (99_999_999, 2)
    await store.append(more("run_1", 1, STOP, settle=(Settle("call", {"usd": 1, "tool_calls": 1}),)))
    settled = await _balance(store)
    assert (settled.left("usd"), settled.left("tool_calls")) == (999_999_999, 2)
    assert not any(settled.reserved.values())


async def test_what_nobody_knows_better_is_spent_as_it_was_reserved(store: Store) -> None:
    await store.append(new("run_1", budgets=("team",), limits={"team": Budget(output_tokens=100)}))
    await store.append(more("run_1", 0, reserve=(Reserve("call", {"output_tokens": 60}),)))
    await store.append(more("run_1", 0, settle=(Settle("call"), Settle("never reserved"))))
    balance = await _balance(store)
    assert (balance.spent["output_tokens"], balance.reserved["output_tokens"]) == (60, 0)


async def test_what_was_not_reserved_is_just_spent_and_may_exceed_the_budget(store: Store) -> None:
    await store.append(new("run_1", budgets=("team",), limits={"team": Budget(wall_s=1.0)}))
    await store.append(more("run_1", 0, settle=(Settle("", {"wall_s": 1500}),)))
    assert (await _balance(store)).left("wall_s") == -500
    with pytest.raises(DoesNotFit):
        await store.append(more("run_1", 0, reserve=(Reserve("call", {"tool_calls": 1}),)))


async def test_a_reservation_counts_in_every_budget_of_the_chain_or_in_none(store: Store) -> None:
    await store.allow("big", Budget(model_calls=10))
    await store.allow("small", Budget(model_calls=1))
    await store.append(new("run_1", budgets=("big", "small", "missing")))
    await store.append(more("run_1", 0, reserve=(Reserve("one", {"model_calls": 1}),)))
    with pytest.raises(DoesNotFit) as refused:
        await store.append(more("run_1", 0, reserve=(Reserve("two", {"model_calls": 1}),)))
    assert refused.value.args == ("two", "small", "model_calls", 1, 0)
    lefts = [balance.left("model_calls") for balance in (await store.balances(["big", "small"])).values()]
    assert sorted(lefts, key=str) == [0, 9]


async def test_a_settlement_in_the_same_append_makes_room_for_a_reservation(store: Store) -> None:
    await store.append(new("run_1", budgets=("team",), limits={"team": Budget(input_tokens=10)}))
    await store.append(more("run_1", 0, reserve=(Reserve("call", {"input_tokens": 10}),)))
    again = (Reserve("call", {"input_tokens": 9}),)
    await store.append(more("run_1", 0, settle=(Settle("call", {"input_tokens": 1}),), reserve=again))
    balance = await _balance(store)
    assert (balance.spent["input_tokens"], balance.reserved["input_tokens"]) == (1, 9)
    with pytest.raises(DoesNotFit):
        await store.append(
            more("run_1", 0, settle=(Settle("other"),), reserve=(Reserve("x", {"input_tokens": 1}),))
        )


async def test_nothing_is_held_back_twice_under_one_key(store: Store) -> None:
    await store.append(new("run_1", budgets=("team",), limits={"team": Budget(tool_calls=10)}))
    await store.append(more("run_1", 0, reserve=(Reserve("call", {"tool_calls": 1}),)))
    with pytest.raises(JournalError):
        await store.append(more("run_1", 0, STOP, reserve=(Reserve("call", {"tool_calls": 1}),)))
    assert (await _balance(store)).left("tool_calls") == 9
    assert await store.entries("run_1") == []


async def test_a_run_that_ends_settles_what_it_still_holds_back(store: Store) -> None:
    await store.append(new("run_1", budgets=("team",), limits={"team": Budget(tool_calls=9)}))
    held = (Reserve("one", {"tool_calls": 2}), Reserve("two", {"tool_calls": 3}))
    await store.append(more("run_1", 0, reserve=held))
    await store.append(more("run_1", 0, status="failed", settle=(Settle("one", {"tool_calls": 1}),)))
    balance = await _balance(store)
    assert (balance.spent["tool_calls"], balance.reserved["tool_calls"]) == (4, 0)
    await store.append(more("run_1", 0, status="pending", reserve=held))
    assert (await _balance(store)).left("tool_calls") == 0


async def test_two_hundred_reservations_at_once_never_overdraw_a_shared_budget(place: Place) -> None:
    stores = [await place.open() for _ in range(4)]
    await stores[0].allow("team", Budget(tool_calls=120))
    await stores[0].allow("all", Budget(tool_calls=130))
    chains = (("team", "all"), ("all", "team"))
    runs = [f"run_{number}" for number in range(200)]
    pairs = [(stores[number % 4], run) for number, run in enumerate(runs)]
    await asyncio.gather(*(store.append(new(run, budgets=chains[int(run[4:]) % 2])) for store, run in pairs))
    told = await asyncio.gather(
        *(store.append(more(run, 0, STOP, reserve=(Reserve("call", {"tool_calls": 1}),))) for store, run in pairs),
        return_exceptions=True,
    )
    assert Counter(map(type, told)) == {str: 120, DoesNotFit: 80}
    lefts = {name: item.left("tool_calls") for name, item in (await stores[1].balances(["team", "all"])).items()}
    assert lefts == {"team": 0, "all": 10}
    winners = [pair for pair, what in zip(pairs, told, strict=True) if isinstance(what, str)]
    freed = (Settle("call", {"tool_calls": 0}),)
    await asyncio.gather(*(store.append(more(run, 1, settle=freed)) for store, run in winners))
    assert (await _balance(stores[2])).left("tool_calls") == 120


async def test_runs_that_make_and_share_content_and_budgets_do_not_lock_each_other_out(place: Place) -> None:
    stores = [await place.open() for _ in range(3)]
    names = [f"budget_{number}" for number in range(6)]
    contents = {f"{number:064}": b"shared" for number in range(40)}

    async def begin(number: int) -> None:
        turn = number % 6
        chain = (*names[turn:], *names[:turn])
        reverse = dict(reversed(contents.items())) if number % 2 else contents
        store = stores[number % 3]
        limits = dict.fromkeys(chain, Budget(tool_calls=1000))
        await store.append(new(f"run_{number}", STOP, budgets=chain, limits=limits, contents=reverse))
        await store.append(more(f"run_{number}", 1, STOP, reserve=(Reserve("call", {"tool_calls": 1}),)))

    await asyncio.gather(*map(begin, range(60)))
    assert {item.left("tool_calls") for item in (await stores[0].balances(names)).values()} == {940}


async def test_a_daily_budget_forgets_at_midnight_what_was_spent_but_not_what_is_held_back(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=3), window="day")
    await store.append(new("run_1", budgets=("team",)))
    await _at(store, 0.5 * DAY_S, settle=(Settle("one", {"tool_calls": 2}),))
    with pytest.raises(DoesNotFit):
        await _at(store, 0.9 * DAY_S, reserve=(Reserve("two", {"tool_calls": 2}),))
    await _at(store, 0.9 * DAY_S, reserve=(Reserve("three", {"tool_calls": 1}),))
    await _at(store, 1.1 * DAY_S, reserve=(Reserve("four", {"tool_calls": 2}),))
    with pytest.raises(DoesNotFit):
        await _at(store, 1.2 * DAY_S, reserve=(Reserve("five", {"tool_calls": 1}),))
    balance = await _balance(store)
    assert (balance.since, balance.spent.get("tool_calls", 0), balance.reserved["tool_calls"]) == (DAY_S, 0, 3)


async def test_new_limits_leave_what_is_spent_and_held_back(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=2), window="day")
    await store.append(new("run_1", budgets=("team",)))
    await store.append(
        more("run_1", 0, settle=(Settle("", {"tool_calls": 1}),), reserve=(Reserve("call", {"tool_calls": 1}),))
    )
    await store.append(more("run_1", 0, STOP, limits={"team": Budget(tool_calls=7)}))
    raised = await _balance(store)
    assert (raised.left("tool_calls"), raised.window) == (5, "day")
    await store.allow("team", Budget(tool_calls=9))
    again = await _balance(store)
    assert (again.left("tool_calls"), again.window) == (7, None)


async def test_limits_that_are_raised_in_an_append_hold_for_its_own_reservations(store: Store) -> None:
    await store.append(
        new(
            "run_1",
            budgets=("own",),
            limits={"own": Budget(tool_calls=1)},
            reserve=(Reserve("one", {"tool_calls": 1}),),
        )
    )
    await store.append(
        more("run_1", 0, limits={"own": Budget(tool_calls=2)}, reserve=(Reserve("two", {"tool_calls": 1}),))
    )
    with pytest.raises(DoesNotFit):
        await store.append(
            more("run_1", 0, limits={"own": Budget(tool_calls=0)}, reserve=(Reserve("three", {"tool_calls": 1}),))
        )
    assert (await store.balances(["own"]))["own"].budget == Budget(tool_calls=2)


async def _balance(store: Store) -> Balance:
    return (await store.balances(["team"]))["team"]


async def _at(store: Store, at: float, reserve: tuple[Reserve, ...] = (), settle: tuple[Settle, ...] = ()) -> None:
    await store.append(Append(run="run_1", expected=0, at=at, reserve=reserve, settle=settle))
