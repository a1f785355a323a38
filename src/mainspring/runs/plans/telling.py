"""What an agent is told of a plan: what earlier tasks came to, and which goals are open. All of it is told as data.

Whatever others wrote is a JSON string on a line of its own, so that nothing in it passes for another line; and the
label of what is told is the worst of what is in it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from mainspring.core import Label, Message
from mainspring.core.labels import OPERATOR
from mainspring.prompts import Prompt
from mainspring.runs.plans.plan import Plan, PlannedTask
from mainspring.runs.plans.states import OVER, Phase, is_overdue, phases

_SHOWN_CHARS: Final = 400
_N_SOURCES: Final = 3
_PHASES: Final[dict[Phase, str]] = {
    "waiting": "waits for other tasks",
    "blocked": "blocked by a failed task",
    "scheduled": "not due yet",
    "ready": "to be done",
    "running": "in progress",
}


def messages(plan: Plan, task: PlannedTask) -> tuple[Message, ...]:
    """Give what the agent of a task is told: what the tasks before came to, if there are any, and its input."""
    before = [plan.task(name) for name in task.after]
    asked = Message.user(task.input, label=task.label)
    if not before:
        return (asked,)
    labels = [_outcome_label(item) for item in before]
    results = [
        _fields(item.name, "skipped" if item.outcome is None else item.outcome.text, label)
        for item, label in zip(before, labels, strict=True)
    ]
    told = _prompt("results").render({"results": results})
    return Message.user(told, label=labels[0].join(*labels[1:])), asked


def listed(plans: Sequence[Plan], now: float) -> str:
    """Say which goals there are, and how their tasks stand."""
    goals = [
        _fields(plan.id, plan.title, plan.label, key="id")
        | {"tasks": [_task_fields(task, phase, now) for task, phase in _phases(plan, now)]}
        for plan in plans
    ]
    return _prompt("goals").render({"now": _time(now), "goals": goals})


def is_trusted(plan: Plan) -> bool:
    """Tell whether nothing that a plan is told with is from where anybody may write."""
    return all(label.integrity == "trusted" for label in _labels(plan))


def is_secret(plan: Plan) -> bool:
    """Tell whether something that a plan is told with is for a few only."""
    return any(label.confidentiality == "secret" for label in _labels(plan))


def _labels(plan: Plan) -> list[Label]:
    return [plan.label, *(task.label for task in plan.tasks)]


def _phases(plan: Plan, now: float) -> list[tuple[PlannedTask, Phase]]:
    return list(zip(plan.tasks, phases(plan, now).values(), strict=True))


def _task_fields(task: PlannedTask, phase: Phase, now: float) -> dict[str, object]:
    stands = [f"{task.agent or 'a person'}'s", _PHASES.get(phase, phase)]
    if task.due is not None and task.state not in OVER:
        stands.append(f"due {_time(task.due)}")
    if is_overdue(task, now):
        stands.append("overdue")
    return _fields(task.name, task.input, task.label) | {"stands": ", ".join(stands)}


def _fields(name: str, text: str, label: Label, *, key: str = "name") -> dict[str, object]:
    return {
        key: name,
        "is_trusted": label.integrity == "trusted",
        "source": ", ".join(label.sources[:_N_SOURCES]) or "an unknown source",
        "quoted": to_json(text).decode(),
    }


def _outcome_label(task: PlannedTask) -> Label:
    return OPERATOR if task.outcome is None else task.outcome.label


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().isoformat(timespec="minutes")


@cache
def _prompt(name: str) -> Prompt:
    return Prompt.load(Path(__file__).parent / "prompts" / f"{name}.prompt.md")
