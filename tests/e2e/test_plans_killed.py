"""A worker is killed while it takes up what is due: whoever comes next begins each task once, and ends the goal."""

from pathlib import Path
from signal import SIGKILL

import pytest

from mainspring.runs import Goal, Runs, Task
from tests.e2e.crash.human import answer_all
from tests.e2e.crash.nursery import Nursery
from tests.e2e.crash.stage import Stage

pytestmark = pytest.mark.timeout(300)

TASKS = [Task("first", agent="porter"), Task("second", agent="porter", after=["first"])]


@pytest.fixture
def stage(onlooker: Runs, store_url: str, tmp_path: Path, nursery: Nursery) -> Stage:
    return Stage(onlooker, store_url, tmp_path, nursery)


@pytest.mark.parametrize(
    ("point", "number"),
    [
        ("before append", 1),  # the goal says that the task is begun, and its run is not there
        ("during append", 1),
        ("after append", 1),  # the run is there, and nobody was told of it
        ("after claim", 1),
        ("effect", 2),
        ("before claim", 2),  # the first task has ended, and the second is begun
    ],
)
async def test_a_goal_is_brought_to_its_end_by_the_next_worker(point: str, number: int, stage: Stage) -> None:
    plan = await stage.runs.plans.add(Goal("Do it", tasks=TASKS))
    first = await stage.worker({}, (point, number, SIGKILL))
    assert stage.nursery.wait(first) == -SIGKILL
    second = await stage.worker()

    async def is_done() -> bool:
        await answer_all(stage.runs, stage.ledger)
        return {task.state for task in (await stage.runs.plans.get(plan.id)).tasks} == {"done"}

    await stage.until(is_done)
    stage.leave(second)
    plan = await stage.runs.plans.get(plan.id)
    assert [task.n_begun for task in plan.tasks] == [1, 1]
    assert {row.id for row in await stage.runs.find()} == {f"{plan.id}/first", f"{plan.id}/second"}
    assert sorted(stage.ledger.count("effect").values()) == [1] * 4


async def test_two_workers_that_find_a_goal_due_at_once_begin_each_of_its_tasks_once(stage: Stage) -> None:
    one, other = await stage.worker(), await stage.worker()
    names = [f"t{number}" for number in range(10)]
    plan = await stage.runs.plans.add(Goal("Do it", tasks=[Task(name, agent="porter") for name in names]))

    async def is_done() -> bool:
        return {task.state for task in (await stage.runs.plans.get(plan.id)).tasks} == {"done"}

    await stage.until(is_done)
    stage.leave(one, other)
    assert [len(await stage.drivers(f"{plan.id}/{name}")) for name in names] == [1] * 10
    assert sorted(stage.ledger.count("effect").values()) == [1] * 20
