"""How the tasks of a plan stand: what is kept, and what follows from it and the time. All of it is pure.

    state      what happens      then
    ---------  ----------------  ---------------------------------------------------------------
    waiting    begin             running    its time has come, and what it comes after is done
               fail              failed     it cannot be begun, or its deadline has passed
    running    finish            done       its run has an answer
               fail              failed     its run ended without one
    failed     finish            done       somebody let its run go on, and that has an answer
               retry             running    its run goes on; what failed is tried again
               again             waiting    it had no run
    any of     done              done       somebody says so; a run in progress is cancelled
    the three  skip              skipped    as if it were done, without a result
               cancel            cancelled  and with it all that comes after it

    done, skipped, cancelled     nothing happens any more

A repeated task that would be done or skipped is waiting again, for its next time. A waiting task is `blocked` where
one that it comes after has failed, `scheduled` where only its time has not come, and otherwise `ready`; a person's
task does not wait for its time, and is overdue after it.
"""

from collections.abc import Mapping
from typing import Final, Literal

from mainspring.core.errors import ConfigError
from mainspring.runs.journal import ENDED, LIVING, Wake
from mainspring.runs.plans.plan import Plan, PlannedTask, State

Happening = Literal["begin", "finish", "fail", "retry", "again", "done", "skip", "cancel"]
Phase = Literal[
    "waiting", "blocked", "scheduled", "ready", "running", "done", "failed", "skipped", "cancelled"
]  # fmt: skip
"""How a task stands: its state, and where that is `waiting`, why."""

OVER: Final[frozenset[State]] = frozenset({"done", "skipped", "cancelled"})
PASSED: Final[frozenset[Phase]] = frozenset({"done", "skipped"})
"""What lets tasks begin that come after one."""
SETTLED_S: Final = 60.0
"""Seconds after which a run that is to be stopped, and is not there, was never made."""
_BY_HAND: Final[Mapping[Happening, State]] = {"done": "done", "skip": "skipped", "cancel": "cancelled"}
_NEXT: Final[Mapping[State, Mapping[Happening, State]]] = {
    "waiting": {"begin": "running", "fail": "failed", **_BY_HAND},
    "running": {"finish": "done", "fail": "failed", **_BY_HAND},
    "failed": {"finish": "done", "retry": "running", "again": "waiting", **_BY_HAND},
    "done": {},
    "skipped": {},
    "cancelled": {},
}
_CANNOT: Final[Mapping[Happening, str]] = {
    "done": "it has ended already",
    "skip": "it has ended already",
    "cancel": "it has ended already",
    "retry": "only what has failed is tried again",
    "again": "only what has failed is tried again",
}


def next_state(task: PlannedTask, happening: Happening) -> State:
    """Give the state of a task after something.

    Raises:
        ConfigError: That cannot happen to it.
    """
    after = _NEXT[task.state].get(happening)
    if after is None:
        raise ConfigError(f"task {task.name!r} is {task.state}; {_CANNOT.get(happening, 'that cannot happen')}")
    return "waiting" if task.every_s is not None and after in {"done", "skipped"} else after


def phases(plan: Plan, now: float) -> dict[str, Phase]:
    """Tell how all tasks of a plan stand, by name, in their order."""
    by_name = {task.name: task for task in plan.tasks}
    known: dict[str, Phase] = {}

    def phase(name: str) -> Phase:
        if name not in known:
            task = by_name[name]
            known[name] = _phase(task, [phase(before) for before in task.after], now)
        return known[name]

    return {name: phase(name) for name in by_name}


def _phase(task: PlannedTask, before: list[Phase], now: float) -> Phase:
    if task.state != "waiting":
        return task.state
    if any(phase in {"failed", "blocked"} for phase in before):
        return "blocked"
    if any(phase not in PASSED for phase in before):
        return "waiting"
    is_early = task.agent is not None and task.due is not None and now < task.due
    return "scheduled" if is_early else "ready"


def is_missed(task: PlannedTask, now: float) -> bool:
    """Tell whether it is too late for an agent to begin a task."""
    is_agents = task.state == "waiting" and task.agent is not None
    return is_agents and task.deadline is not None and now >= task.deadline


def is_overdue(task: PlannedTask, now: float) -> bool:
    """Tell whether a task should have been done by now."""
    last = task.due if task.deadline is None and task.agent is None else task.deadline
    return task.state not in OVER and last is not None and now >= last


def is_open(plan: Plan) -> bool:
    """Tell whether something of a plan is still to be done."""
    return any(task.state not in OVER for task in plan.tasks)


def goal_state(plan: Plan) -> Literal["open", "done", "cancelled"]:
    """Tell how a goal stands: it is done when all tasks have ended, and cancelled where all of them were."""
    if is_open(plan):
        return "open"
    return "cancelled" if all(task.state == "cancelled" for task in plan.tasks) else "done"


def next_due(plan: Plan, now: float) -> float | None:
    """Give the earliest time that something of a plan waits for, or has waited for in vain."""
    times = [
        task.due
        for task in plan.tasks
        if task.due is not None and task.state == "waiting" and (task.due > now or is_overdue(task, now))
    ]
    return min(times, default=None)


def wakes(plan: Plan) -> tuple[Wake, ...]:
    """Tell what makes somebody look at a plan again."""
    by_name = {task.name: task for task in plan.tasks}
    found = []
    for task in plan.tasks:
        if task.is_stopping:
            found.append(Wake(run=task.run, statuses=(*sorted(LIVING), *sorted(ENDED))))
            found.append(Wake(at=(task.ended_at or 0.0) + SETTLED_S))
        elif task.state == "running":
            found.append(Wake(run=task.run, agent=task.agent, statuses=tuple(sorted(ENDED))))
        elif task.state == "failed" and task.run is not None:
            found.append(Wake(run=task.run, statuses=("finished",)))
        elif task.state == "waiting" and task.agent is not None:
            if task.deadline is not None:
                found.append(Wake(at=task.deadline))
            if all(by_name[name].state in {"done", "skipped"} for name in task.after):
                found.append(Wake(at=task.due or 0.0, agent=task.agent))
    return tuple(found)
