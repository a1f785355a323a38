"""Goals with tasks that outlive a run: for agents and for people, after each other, at a time, again and again.

A goal is one row of the store, and how it stands follows from that row, its runs and the time (`states`). Whoever
sweeps the store takes it up (`planner`).
"""

from mainspring.runs.plans.goal import Goal, Task
from mainspring.runs.plans.plan import Outcome, Plan, PlannedTask
from mainspring.runs.plans.plans import Plans
from mainspring.runs.plans.tools import plan_tools

__all__ = ["Goal", "Outcome", "Plan", "PlannedTask", "Plans", "Task", "plan_tools"]
