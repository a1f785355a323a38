"""Goals drawn: a line for each, or one as a tree of its tasks, each below the one that it comes after.

What it keeps true: nothing is said by colour alone, as each task has a mark and a word; what others wrote is
harmless for terminals, and what is not trusted says so.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from mainspring.cli.stored.goals import LookedGoal
from mainspring.cli.views.screen import harmless
from mainspring.cli.views.times import clock_text, seconds_text
from mainspring.runs import PlannedTask
from mainspring.runs.plans.states import OVER, Phase, goal_state, is_overdue

_MARKS: Final[dict[Phase, tuple[str, str, str]]] = {
    "waiting": ("○", "dim", "waiting"),
    "blocked": ("✗", "yellow", "blocked"),
    "scheduled": ("◷", "cyan", "scheduled"),
    "ready": ("○", "cyan", "ready"),
    "running": ("◐", "cyan", "running"),
    "done": ("●", "green", "done"),
    "failed": ("✗", "red", "failed"),
    "skipped": ("·", "dim", "skipped"),
    "cancelled": ("·", "dim", "cancelled"),
}
_TO_DO: Final = ("□", "cyan", "to do")
"""What is ready and a person's."""
_PERSON: Final = "a person"
_GAP: Final = "  "
_DETAIL_CHARS: Final = 300


def goal_lines(goals: Sequence[LookedGoal], width: int) -> list[Text]:
    """Draw a line for each goal, no wider than that."""
    ids = max((len(goal.plan.id) for goal in goals), default=0)
    titles = max((len(_title(goal)) for goal in goals), default=0)
    lines = []
    for goal in goals:
        title = Text(f"{_title(goal):<{min(titles, max(12, width // 2))}}")
        lines.append(Text(_GAP).join([Text(f"{goal.plan.id:<{ids}}", "bold"), title, *_facts(goal)]))
    return _fitted(lines, width)


def goal_tree(goal: LookedGoal, width: int) -> list[Text]:
    """Draw a goal and its tasks, no wider than that."""
    plan = goal.plan
    facts = [goal_state(plan), *([f"for {harmless(plan.user)}"] if plan.user else [])]
    facts += [] if plan.label.integrity == "trusted" else ["not trusted"]
    head = Text.assemble((plan.id, "bold"), _GAP, _title(goal), _GAP, (" · ".join(facts), "dim"))
    return _fitted([head, *_branches(goal)], width)


def _facts(goal: LookedGoal) -> Iterator[Text]:
    tasks, found = goal.plan.tasks, list(goal.phases.values())
    n_over = sum(task.state in OVER for task in tasks)
    yield Text(f"{n_over}/{len(tasks)} ended", "green" if n_over == len(tasks) else "")
    for phase, style in (("running", "cyan"), ("failed", "red"), ("blocked", "yellow")):
        if n := sum(item == phase for item in found):
            yield Text(f"{n} {phase}", style)
    if goal.overdue:
        yield Text(f"{len(goal.overdue)} overdue", "yellow")
    if goal.next_due is not None:
        yield Text(_due_text(goal.next_due, goal.now), "dim")
    if goal.plan.user:
        yield Text(harmless(goal.plan.user), "dim")


def _branches(goal: LookedGoal) -> Iterator[Text]:
    """Draw the tasks, each below the last of those that it comes after."""
    tasks = goal.plan.tasks
    places = {task.name: place for place, task in enumerate(tasks)}
    below: dict[str | None, list[PlannedTask]] = {}
    for task in tasks:
        parent = max(task.after, key=places.__getitem__, default=None)
        below.setdefault(parent, []).append(task)
    names = max(len(task.name) for task in tasks)

    def drawn(parent: str | None, indent: str) -> Iterator[Text]:
        children = below.get(parent, [])
        for task in children:
            is_last = task is children[-1]
            further = f"{indent}{'   ' if is_last else '│  '}"
            yield _task_line(goal, task, f"{indent}{'└─ ' if is_last else '├─ '}", names, parent)
            for detail in _details(task):
                yield Text.assemble((f"{further}{'│  ' if task.name in below else '   '}", "dim"), detail)
            yield from drawn(task.name, further)

    return drawn(None, "")


def _task_line(goal: LookedGoal, task: PlannedTask, branch: str, width: int, parent: str | None) -> Text:
    phase = goal.phases[task.name]
    is_to_do = phase == "ready" and task.agent is None
    mark, style, word = _TO_DO if is_to_do else _MARKS[phase]
    row = goal.rows.get(task.run or "")
    facts = [harmless(task.agent or _PERSON)]
    if phase == "running" and row is not None and row.status != "running":
        facts.append(f"run {row.status}")
    if also := [name for name in task.after if name != parent]:
        facts.append(f"also after {', '.join(also)}")
    facts += _times(task, goal.now)
    facts += [task.run] if task.run is not None else []
    facts += [] if task.label.integrity == "trusted" else ["not trusted"]
    late = ("  overdue", "yellow") if is_overdue(task, goal.now) else ""
    return Text.assemble(
        (branch, "dim"),
        (mark, style),
        f" {task.name:<{width}}  ",
        (f"{word:<9}", style),
        late,
        _GAP,
        (" · ".join(facts), "dim"),
    )


def _times(task: PlannedTask, now: float) -> Iterator[str]:
    if task.state == "waiting":
        if task.due is not None:
            yield _due_text(task.due, now)
        if task.every_s is not None:
            yield f"every {seconds_text(task.every_s)}"
    elif task.ended_at is not None:
        yield f"{clock_text(task.ended_at)}{f' by {harmless(task.by)}' if task.by else ''}"
    if task.deadline is not None and task.state not in OVER:
        yield f"deadline {clock_text(task.deadline)}"


def _details(task: PlannedTask) -> Iterator[Text]:
    """Say below a task what it is, and what came of it, each on one line."""
    if task.input != task.name:
        yield Text(_one_line(task.input), "dim")
    if task.problem:
        yield Text(_one_line(task.problem), "red")
    elif task.outcome is not None and task.outcome.text:
        is_trusted = task.outcome.label.integrity == "trusted"
        yield Text(f"= {_one_line(task.outcome.text)}{'' if is_trusted else ' (not trusted)'}")


def _due_text(at: float, now: float) -> str:
    return f"due {clock_text(at)} (in {seconds_text(at - now)})" if at > now else f"due {clock_text(at)}"


def _title(goal: LookedGoal) -> str:
    return _one_line(goal.plan.title)


def _one_line(text: str) -> str:
    words = harmless(" ".join(text.split()))
    return words if len(words) <= _DETAIL_CHARS else f"{words[:_DETAIL_CHARS]}…"


def _fitted(lines: Sequence[Text], width: int) -> list[Text]:
    for line in lines:
        line.rstrip()
        line.no_wrap = True
        line.truncate(width, overflow="ellipsis")
    return list(lines)
