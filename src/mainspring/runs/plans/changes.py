"""What happens to a plan, each a function from one plan to the next. None of them reads a clock or a store."""

from collections.abc import Callable
from math import floor
from typing import Final

from mainspring.core import Label
from mainspring.core.errors import ConfigError
from mainspring.runs.plans.goal import Task
from mainspring.runs.plans.plan import (
    MAX_RESULT_CHARS,
    Outcome,
    Plan,
    PlannedTask,
    checked,
    planned_task,
    run_id,
    storable,
)
from mainspring.runs.plans.states import OVER, Happening, next_state

Change = Callable[[Plan], Plan]
_N_KEYS: Final = 100


def begun(plan: Plan, name: str) -> Plan:
    """Begin a task: its run has a name from now on, whether it is there yet or not."""
    task = plan.task(name)
    number = task.n_begun + 1
    run = run_id(plan.id, name, number)
    state = next_state(task, "begin")
    return _with(plan, task.model_copy(update={"state": state, "run": run, "n_begun": number}))


def finished(plan: Plan, name: str, outcome: Outcome, at: float) -> Plan:
    """Take in the answer of a task's run."""
    return _with(plan, _over(plan.task(name), "finish", at, outcome))


def failed(plan: Plan, name: str, problem: str, at: float) -> Plan:
    """Take in why a task cannot be begun, or how its run ended without an answer."""
    task = plan.task(name)
    state = next_state(task, "fail")
    words = storable(problem)[:MAX_RESULT_CHARS]
    return _with(plan, task.model_copy(update={"state": state, "problem": words, "ended_at": at}))


def retried(plan: Plan, name: str, at: float) -> Plan:
    """Let a failed task go on; a deadline that has passed does not count any more."""
    task = plan.task(name)
    state = next_state(task, "again" if task.run is None else "retry")
    deadline = None if task.deadline is not None and task.deadline <= at else task.deadline
    update = {"state": state, "deadline": deadline, "problem": "", "ended_at": None}
    return _with(plan, task.model_copy(update=update))


def done(plan: Plan, name: str, outcome: Outcome, by: str, at: float) -> Plan:
    """Take somebody's word that a task is done."""
    return _with(plan, _over(plan.task(name), "done", at, outcome, by))


def skipped(plan: Plan, name: str, by: str, at: float) -> Plan:
    """Go on without a task."""
    return _with(plan, _over(plan.task(name), "skip", at, None, by))


def cancelled(plan: Plan, name: str | None, by: str, at: float) -> Plan:
    """Cancel a task and all that comes after it, or everything that has not ended."""
    names = {task.name for task in plan.tasks if task.state not in OVER}
    if name is not None:
        next_state(plan.task(name), "cancel")
        names &= _from(plan, name)
    tasks = [_over(task, "cancel", at, None, by) if task.name in names else task for task in plan.tasks]
    return plan.model_copy(update={"tasks": tuple(tasks)})


def added(plan: Plan, task: Task, label: Label) -> Plan:
    """Add a task.

    Raises:
        ConfigError: The plan cannot be carried out with it.
    """
    new = planned_task(task, label)
    if gone := [name for name in new.after if any(t.name == name and t.state == "cancelled" for t in plan.tasks)]:
        raise ConfigError(f"task {new.name!r} comes after {', '.join(gone)}, which is cancelled")
    return checked(plan.model_copy(update={"tasks": (*plan.tasks, new)}))


def moved(plan: Plan, name: str, due: float | None, label: Label) -> Plan:
    """Give a waiting task another time, or none; its label is the worse of its own and that of who moves it.

    Raises:
        ConfigError: It has begun, has ended, or is due after its deadline then.
    """
    task = plan.task(name)
    if task.state != "waiting":
        raise ConfigError(f"task {name!r} is {task.state}; only a waiting task has a time that can be moved")
    if due is not None and task.deadline is not None and task.deadline < due:
        raise ConfigError(f"task {name!r} would be due after its deadline; give it an earlier time")
    return _with(plan, task.model_copy(update={"due": due, "label": task.label.join(label)}))


def stopped(plan: Plan, name: str) -> Plan:
    """Take in that the run of a task that was ended otherwise has ended, too."""
    return _with(plan, plan.task(name).model_copy(update={"is_stopping": False}))


def once(plan: Plan, key: str, change: Change) -> Plan:
    """Make a change that a tool call wants, unless that very call has made it already.

    Args:
        plan: What is to be changed.
        key: The call's idempotency key; empty for a change that is nobody's call.
        change: The change.
    """
    if key and key in plan.keys:
        return plan
    after = change(plan)
    return after.model_copy(update={"keys": (*after.keys, key)[-_N_KEYS:]}) if key else after


def outcome(text: str, label: Label) -> Outcome:
    """Make an outcome of words; what is too long is cut, and an ellipsis says so."""
    words = storable(text)
    return Outcome(text=words if len(words) <= MAX_RESULT_CHARS else f"{words[:MAX_RESULT_CHARS]}…", label=label)


def _over(task: PlannedTask, happening: Happening, at: float, outcome: Outcome | None, by: str = "") -> PlannedTask:
    state = next_state(task, happening)
    return task.model_copy(
        update={
            "state": state,
            "due": _next_time(task, at) if state == "waiting" else task.due,
            "is_stopping": task.state == "running" and happening != "finish",
            "outcome": outcome,
            "problem": "",
            "by": by,
            "ended_at": at,
        }
    )


def _next_time(task: PlannedTask, at: float) -> float:
    """Give when a repeated task is due next: the first of its times after now."""
    every_s = task.every_s or 0.0
    if task.due is None:
        return at + every_s
    return task.due + every_s * max(1, floor((at - task.due) / every_s) + 1)


def _from(plan: Plan, name: str) -> set[str]:
    """Give a task and all that comes after it."""
    found = {name}
    while more := {task.name for task in plan.tasks if found & set(task.after)} - found:
        found |= more
    return found


def _with(plan: Plan, task: PlannedTask) -> Plan:
    tasks = tuple(task if known.name == task.name else known for known in plan.tasks)
    return plan.model_copy(update={"tasks": tasks})
