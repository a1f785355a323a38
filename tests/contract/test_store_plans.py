"""Goals of any store: one writer wins each revision, and what makes a goal due is found."""

import asyncio
from collections.abc import Collection
from dataclasses import replace

import pytest

from mainspring.core.errors import Conflict
from mainspring.core.events import CancelAsked
from mainspring.runs.journal import ENDED, LIVING, Append, GoalQuery, GoalRow, NewRun, Status, Store, Wake
from tests.contract.storing import Place

GOAL = GoalRow(
    id="goal_1",
    revision=1,
    user="ada",
    is_open=True,
    created_at=10.0,
    updated_at=10.0,
    body='{"name": "Tromsø\\u0000"}',
)
RUN = "goal_1/offer"


async def test_a_goal_is_given_back_as_it_was_written(store: Store) -> None:
    await store.write_goal(GOAL, [Wake(at=5.0)])
    assert await store.goals(GoalQuery()) == [GOAL]
    second = replace(GOAL, revision=2, is_open=False, updated_at=11.0, body="{}")
    await store.write_goal(second, [])
    assert await store.goals(GoalQuery()) == [second]


@pytest.mark.parametrize("revision", [1, 2, 4, 17])
async def test_only_the_next_revision_is_written(store: Store, revision: int) -> None:
    await store.write_goal(GOAL, [])
    kept = replace(GOAL, revision=2, body="kept")
    await store.write_goal(kept, [Wake(at=1.0)])
    with pytest.raises(Conflict, match="goal_1"):
        await store.write_goal(replace(GOAL, revision=revision, body="lost"), [])
    assert await store.goals(GoalQuery()) == [kept]
    assert await store.due_goals(2.0, [], 10) == ["goal_1"]


async def test_a_goal_that_is_not_there_has_no_second_revision(store: Store) -> None:
    with pytest.raises(Conflict):
        await store.write_goal(replace(GOAL, revision=2), [Wake(at=1.0)])
    assert await store.goals(GoalQuery()) == []
    assert await store.due_goals(2.0, [], 10) == []


async def test_of_many_that_write_one_revision_one_wins(store: Store) -> None:
    await store.write_goal(GOAL, [])
    wanted = [replace(GOAL, revision=2, body=f"{number}") for number in range(10)]
    came = await asyncio.gather(*(store.write_goal(row, []) for row in wanted), return_exceptions=True)
    assert sum(isinstance(item, Conflict) for item in came) == 9
    (row,) = await store.goals(GoalQuery())
    assert came[int(row.body)] is None


async def test_goals_are_found_by_id_user_and_state_the_newest_first(store: Store) -> None:
    for number in range(4):
        row = replace(GOAL, id=f"goal_{number}", created_at=float(number), is_open=number != 2)
        await store.write_goal(replace(row, user="" if number == 3 else "ada"), [])
    assert await _found(store, GoalQuery()) == ["goal_3", "goal_2", "goal_1", "goal_0"]
    assert await _found(store, GoalQuery(limit=2)) == ["goal_3", "goal_2"]
    assert await _found(store, GoalQuery(user="ada", is_open=True)) == ["goal_1", "goal_0"]
    assert await _found(store, GoalQuery(user="")) == ["goal_3"]
    assert await _found(store, GoalQuery(is_open=False)) == ["goal_2"]
    assert await _found(store, GoalQuery(ids=["goal_0", "nothing"])) == ["goal_0"]
    assert await _found(store, GoalQuery(ids=[])) == []


async def test_a_time_makes_a_goal_due_for_those_who_know_the_agent(store: Store) -> None:
    await store.write_goal(GOAL, [Wake(at=20.0, agent="clerk"), Wake(at=30.0)])
    assert await store.due_goals(19.9, ["clerk"], 10) == []
    assert await store.due_goals(20.0, ["clerk", "other"], 10) == ["goal_1"]
    assert await store.due_goals(20.0, ["other"], 10) == []
    assert await store.due_goals(30.0, [], 10) == ["goal_1"]


async def test_a_goal_is_due_by_what_was_written_last(store: Store) -> None:
    await store.write_goal(GOAL, [Wake(at=20.0)])
    await store.write_goal(replace(GOAL, revision=2), [Wake(at=40.0)])
    assert await store.due_goals(30.0, [], 10) == []
    assert await store.due_goals(40.0, [], 10) == ["goal_1"]


@pytest.mark.parametrize(
    ("wanted", "status", "is_due"),
    [
        (ENDED, "pending", False),
        (ENDED, "finished", True),
        (ENDED, "cancelled", True),
        (LIVING, "pending", True),
        (LIVING, "failed", False),
        ({"finished"}, "failed", False),
        ({"finished"}, "finished", True),
    ],
)
async def test_how_a_run_stands_makes_a_goal_due(
    store: Store, wanted: Collection[Status], status: Status, is_due: bool
) -> None:
    await _begin(store, status)
    await store.write_goal(GOAL, [Wake(run=RUN, agent="clerk", statuses=tuple(wanted))])
    assert await store.due_goals(0.0, ["clerk"], 10) == (["goal_1"] if is_due else [])


async def test_a_run_that_is_not_there_makes_a_goal_due_for_those_who_can_begin_it(store: Store) -> None:
    await store.write_goal(GOAL, [Wake(run=RUN, agent="clerk", statuses=("finished",))])
    assert await store.due_goals(0.0, ["clerk"], 10) == ["goal_1"]
    assert await store.due_goals(0.0, ["other"], 10) == []
    await _begin(store, "pending")
    assert await store.due_goals(0.0, ["clerk"], 10) == []


async def test_the_longest_due_come_first_each_once(store: Store) -> None:
    for number, at in enumerate((3.0, 1.0, 2.0)):
        await store.write_goal(replace(GOAL, id=f"goal_{number}"), [Wake(at=at), Wake(at=at + 5.0)])
    assert await store.due_goals(100.0, [], 10) == ["goal_1", "goal_2", "goal_0"]
    assert await store.due_goals(100.0, [], 2) == ["goal_1", "goal_2"]


async def test_what_one_process_writes_another_one_finds(place: Place) -> None:
    one, other = await place.open(), await place.open()
    await one.write_goal(GOAL, [Wake(at=1.0)])
    assert await other.due_goals(1.0, [], 10) == ["goal_1"]
    await other.write_goal(replace(GOAL, revision=2), [])
    with pytest.raises(Conflict):
        await one.write_goal(replace(GOAL, revision=2, body="late"), [])


async def _found(store: Store, query: GoalQuery) -> list[str]:
    return [row.id for row in await store.goals(query)]


async def _begin(store: Store, status: Status) -> None:
    await store.append(
        Append(
            run=RUN,
            expected=0,
            at=1.0,
            events=((1.0, CancelAsked(by="ada")),),
            create=NewRun(agent="clerk"),
            status=status,
        )
    )
