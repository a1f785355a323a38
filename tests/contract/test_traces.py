"""Runs of any store become the same training conversations."""

from mainspring.core import FakeClock
from mainspring.data.traces import Counts
from mainspring.data.traces.ended import ended_runs
from mainspring.runs.journal import Store
from tests.unit.data.traces.clerks import answered, family, finished, paid, said, taken
from tests.unit.runs.making import opened


async def test_runs_of_any_store_are_found_chosen_and_put_into_words(store: Store) -> None:
    clock = FakeClock(1.7e9)
    async with opened(store, clock=clock) as runs:
        await answered(runs, "Hello?", id="first")
        clock.advance(1.0)
        await paid(runs, "edit")
        await paid(runs, "deny", "Pay again.")
        counts = Counts()
        (candidate,) = await taken(runs, "approved and since=2023-11-14", counts=counts)
        assert [row.id async for row in ended_runs(runs, "clerk", page=1)][-1] == "first"
    assert said(candidate)[1:] == [
        ("user", "Pay them."),
        ("assistant", [("pay", '{"amount":2}')]),
        ("tool", "paid 2"),
        ("assistant", "edit: Pay them."),
    ]
    assert counts.left_out == {"filter": 2}


async def test_children_are_found_in_any_store(store: Store) -> None:
    async with opened(store) as runs:
        await finished(await runs.start(family(2), "Do two things."))
        found = await taken(runs, children=True)
    assert sorted(candidate.example.question for candidate in found) == [
        "Do two things.",
        "task 0 of 2",
        "task 1 of 2",
    ]
