"""Goals go on in the same way whatever carries runs to workers: tasks of this process, or Procrastinate."""

from pathlib import Path

import pytest

from mainspring.core import SystemClock
from mainspring.runs import Goal, Settings, Task, open_runs
from tests.unit.runs.planning import clerk, states, until


@pytest.fixture(params=["embedded", "procrastinate"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty store for each kind of dispatcher."""
    if request.param == "embedded":
        return str(tmp_path / "runs.db")
    given: str = request.getfixturevalue("postgres_url")
    return given


async def test_tasks_are_begun_when_those_before_them_are_done_and_their_time_has_come(url: str) -> None:
    soon = SystemClock().now() + 0.2
    tasks = [
        Task("measure", agent="clerk"),
        Task("remind", agent="clerk", due=soon),
        Task("offer", agent="clerk", after=["measure", "remind"]),
    ]
    async with open_runs(url, settings=Settings(work=False)) as runs:
        plan = await runs.plans.add(Goal("Furnish", tasks=tasks))
    async with open_runs(url, agents=[clerk()], settings=Settings(sweep_s=0.05)) as runs:
        plan = await until(runs, plan.id, lambda plan: plan.task("offer").state == "done")
        rows = {row.id: row for row in await runs.find()}
    assert sorted(rows) == [f"{plan.id}/{name}" for name in ("measure", "offer", "remind")]
    assert rows[f"{plan.id}/remind"].created_at >= soon


async def test_what_fails_blocks_and_goes_on_when_it_is_tried_again_from_outside(url: str) -> None:
    tasks = [Task("measure", agent="clerk"), Task("offer", agent="clerk", after=["measure"])]
    async with open_runs(url, agents=[clerk()], settings=Settings(work=False)) as outside:
        plan = await outside.plans.add(Goal("Furnish", tasks=tasks))
        await outside.cancel(f"{plan.id}/measure", by="ada")
        await outside.sweep()
        assert states(await outside.plans.get(plan.id)) == {"measure": "failed", "offer": "waiting"}
        async with open_runs(url, agents=[clerk()], settings=Settings(sweep_s=0.05)) as runs:
            await outside.plans.retry(plan.id, "measure", by="ada")
            plan = await until(runs, plan.id, lambda plan: plan.task("offer").state == "done")
    assert [task.n_begun for task in plan.tasks] == [1, 1]
