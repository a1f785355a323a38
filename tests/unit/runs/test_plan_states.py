"""The state machine of tasks: what may happen to which, and what follows for the others."""

from collections.abc import Callable
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.core import USER
from mainspring.core.errors import ConfigError
from mainspring.runs import Goal, Plan, Task
from mainspring.runs.plans import changes
from mainspring.runs.plans.plan import State, planned
from mainspring.runs.plans.states import (
    OVER,
    PASSED,
    Happening,
    goal_state,
    is_missed,
    is_open,
    is_overdue,
    next_due,
    next_state,
    phases,
    wakes,
)

NOW = 1000.0
ALLOWED: dict[State, set[Happening]] = {
    "waiting": {"begin", "fail", "done", "skip", "cancel"},
    "running": {"finish", "fail", "done", "skip", "cancel"},
    "failed": {"finish", "retry", "again", "done", "skip", "cancel"},
    "done": set(),
    "skipped": set(),
    "cancelled": set(),
}
HAPPENINGS: dict[Happening, Callable[[Plan, str], Plan]] = {
    "begin": changes.begun,
    "finish": lambda plan, name: changes.finished(plan, name, changes.outcome("ok", USER), NOW),
    "fail": lambda plan, name: changes.failed(plan, name, "broken", NOW),
    "retry": lambda plan, name: changes.retried(plan, name, NOW),
    "done": lambda plan, name: changes.done(plan, name, changes.outcome("ok", USER), "ada", NOW),
    "skip": lambda plan, name: changes.skipped(plan, name, "ada", NOW),
    "cancel": lambda plan, name: changes.cancelled(plan, name, "ada", NOW),
}


def made(*tasks: Task) -> Plan:
    """Make a plan of tasks."""
    return planned(Goal("Furnish the terrace", tasks=tasks), id="goal_1", at=NOW)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a plan of up to six tasks without circles, to which a few things have happened that may."""
    names = [f"t{number}" for number in range(draw(st.integers(1, 6)))]
    tasks = [
        Task(
            name,
            agent=draw(st.sampled_from(["clerk", None])),
            after=draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else (),
            due=draw(st.sampled_from([None, NOW - 1, NOW, NOW + 1])),
        )
        for place, name in enumerate(names)
    ]
    plan = made(*tasks)
    for happening, name in draw(st.lists(st.tuples(st.sampled_from(sorted(HAPPENINGS)), st.sampled_from(names)))):
        may_begin = happening != "begin" or (
            phases(plan, NOW)[name] == "ready" and plan.task(name).agent is not None
        )
        if may_begin and happening in ALLOWED[plan.task(name).state]:
            plan = HAPPENINGS[happening](plan, name)
    return plan


@pytest.mark.parametrize(("state", "happening"), list(product(get_args(State), get_args(Happening))))
def test_only_what_the_table_has_happens(state: State, happening: Happening) -> None:
    task = made(Task("offer")).task("offer").model_copy(update={"state": state})
    if happening in ALLOWED[state]:
        assert next_state(task, happening) != state
    else:
        with pytest.raises(ConfigError, match=f"task 'offer' is {state}"):
            next_state(task, happening)


@given(plans())
def test_a_task_is_ready_only_when_all_before_it_are_done_or_skipped(plan: Plan) -> None:
    found = phases(plan, NOW)
    for task in plan.tasks:
        if found[task.name] in {"ready", "scheduled", "running"} or (task.state == "done" and not task.by):
            assert all(found[name] in PASSED for name in task.after)


@given(plans())
def test_an_open_goal_can_always_be_brought_on(plan: Plan) -> None:
    found = set(phases(plan, NOW).values())
    assert is_open(plan) == bool(found & {"ready", "scheduled", "running", "failed"})


@given(plans())
def test_a_task_is_blocked_exactly_where_one_before_it_has_failed(plan: Plan) -> None:
    found = phases(plan, NOW)
    for task in plan.tasks:
        if task.state == "waiting":
            has_failed = any(plan.task(name).state == "failed" for name in _before(plan, task.name))
            assert (found[task.name] == "blocked") == has_failed


@given(plans())
def test_what_is_cancelled_leaves_nothing_waiting_for_it(plan: Plan) -> None:
    for task in plan.tasks:
        if any(plan.task(name).state == "cancelled" for name in task.after):
            assert task.state in OVER


@given(plans())
def test_whatever_an_agent_can_begin_wakes_somebody_at_its_time(plan: Plan) -> None:
    found = phases(plan, NOW)
    times = {(wake.at, wake.agent) for wake in wakes(plan) if wake.run is None and wake.agent is not None}
    wanted = {
        (task.due or 0.0, task.agent)
        for task in plan.tasks
        if task.agent is not None and found[task.name] in {"ready", "scheduled"} and not task.is_stopping
    }
    assert times == wanted
    assert {wake.run for wake in wakes(plan) if wake.run is not None} == {
        task.run
        for task in plan.tasks
        if task.state == "running" or task.is_stopping or (task.state == "failed" and task.run is not None)
    }


@given(plans())
def test_skipping_every_failed_and_ready_task_ends_the_goal(plan: Plan) -> None:
    for _ in plan.tasks:
        for name, phase in phases(plan, NOW + 10).items():
            if phase in {"ready", "failed", "running"}:
                plan = changes.skipped(plan, name, "ada", NOW)
    assert not is_open(plan)
    assert all(wake.at is not None or plan.task(str(wake.run).split("/")[1]).is_stopping for wake in wakes(plan))


@given(plans())
def test_a_plan_is_the_same_after_it_was_written_and_read(plan: Plan) -> None:
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_a_person_is_not_held_up_by_the_time_and_is_late_after_it() -> None:
    plan = made(Task("call", due=NOW + 10), Task("offer", agent="clerk", due=NOW + 10))
    assert phases(plan, NOW) == {"call": "ready", "offer": "scheduled"}
    assert [is_overdue(task, NOW + 10) for task in plan.tasks] == [True, False]
    assert next_due(plan, NOW) == NOW + 10
    assert not is_overdue(changes.done(plan, "call", changes.outcome("", USER), "", NOW).task("call"), NOW + 20)


def test_a_deadline_is_missed_by_agents_that_have_not_begun_and_makes_all_others_late() -> None:
    plan = made(Task("call", deadline=NOW + 10), Task("offer", agent="clerk", deadline=NOW + 10))
    running = changes.begun(plan, "offer").task("offer")
    assert [is_missed(task, NOW + 10) for task in (*plan.tasks, running)] == [False, True, False]
    assert [is_overdue(task, NOW + 10) for task in (*plan.tasks, running)] == [True, True, True]
    assert not any(is_missed(task, NOW + 9.9) or is_overdue(task, NOW + 9.9) for task in plan.tasks)


@pytest.mark.parametrize(
    ("due", "at", "then"),
    [(None, 250.0, 350.0), (200.0, 250.0, 300.0), (200.0, 300.0, 400.0), (200.0, 100.0, 300.0)],
)
def test_a_repeated_task_is_due_next_at_the_first_of_its_times_after_now(
    due: float | None, at: float, then: float
) -> None:
    plan = made(Task("water", due=due, every_s=100.0))
    after = changes.done(plan, "water", changes.outcome("", USER), "ada", at).task("water")
    assert (after.state, after.due, after.ended_at) == ("waiting", then, at)


def test_a_call_that_is_made_again_changes_nothing_again() -> None:
    plan = made(Task("water", due=NOW, every_s=100.0))

    def done(plan: Plan) -> Plan:
        return changes.done(plan, "water", changes.outcome("", USER), "ada", NOW)

    once = changes.once(plan, "run:tool:0", done)
    assert changes.once(once, "run:tool:0", done) == once
    assert changes.once(once, "run:tool:1", done).task("water").due == NOW + 200.0


def test_a_goal_is_done_when_everything_has_ended_and_cancelled_when_everything_was() -> None:
    plan = made(Task("call"), Task("thank"))
    half = changes.cancelled(plan, "call", "ada", NOW)
    assert [goal_state(item) for item in (plan, half)] == ["open", "open"]
    assert goal_state(changes.skipped(half, "thank", "ada", NOW)) == "done"
    assert goal_state(changes.cancelled(plan, None, "ada", NOW)) == "cancelled"


def test_a_result_that_is_too_long_is_cut_and_says_so() -> None:
    assert changes.outcome("x" * 8_001, USER).text == "x" * 8_000 + "…"
    assert changes.outcome(" a\x00\ud800 ", USER).text == "a\ufffd?"


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ([], "has no tasks"),
        ([Task("a b")], "up to 40 letters"),
        ([Task("a/b")], "up to 40 letters"),
        ([Task("call"), Task("call")], "two tasks are called 'call'"),
        ([Task("call", after=["offer"])], "comes after offer, which are no tasks"),
        ([Task("a", after=["b"]), Task("b", after=["a"])], "the tasks a, b wait for each other"),
        ([Task("a", every_s=60.0), Task("b", after=["a"])], "is repeated and has no end"),
        ([Task("a", every_s=0.5)], "give it a second"),
        ([Task("a", every_s=60.0, deadline=NOW)], "repeated and has a deadline"),
        ([Task("a", due=NOW, deadline=NOW - 1)], "deadline of task 'a' is before"),
        ([Task("a", input="x" * 8_001)], "more than 8,000"),
        ([Task(f"t{number}") for number in range(101)], "100 at most"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(tasks: list[Task], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        made(*tasks)


def test_nothing_comes_after_what_is_cancelled() -> None:
    plan = changes.cancelled(made(Task("call"), Task("thank")), "call", "ada", NOW)
    with pytest.raises(ConfigError, match="comes after call, which is cancelled"):
        changes.added(plan, Task("offer", after=["call"]), USER)


def _before(plan: Plan, name: str) -> set[str]:
    """Give the tasks before one, and those before them that wait themselves."""
    found: set[str] = set()
    new: set[str] = set(plan.task(name).after)
    while new:
        found |= new
        new = {before for task in new if plan.task(task).state == "waiting" for before in plan.task(task).after}
    return found
