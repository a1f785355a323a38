"""Runs that outlive their process: journal, driver, budgets, human answers, dispatch, replay; goals of many runs.

A run is its journal. Driving it folds the journal and goes on from its end; whatever it waits for, nothing of it
stays in memory. Imports the agent, models, tools and the core.
"""

from mainspring.runs.diff import Diff, StepDiff
from mainspring.runs.handle import DurableRun
from mainspring.runs.inbox import Inbox, Pending
from mainspring.runs.journal import Query, RunRow, Status
from mainspring.runs.plans import Goal, Plan, PlannedTask, Plans, Task, plan_tools
from mainspring.runs.runs import DEFAULT_STORE, Runs, open_runs
from mainspring.runs.settings import Settings
from mainspring.runs.steps import Step
from mainspring.runs.windows import Window

__all__ = [
    "DEFAULT_STORE",
    "Diff",
    "DurableRun",
    "Goal",
    "Inbox",
    "Pending",
    "Plan",
    "PlannedTask",
    "Plans",
    "Query",
    "RunRow",
    "Runs",
    "Settings",
    "Status",
    "Step",
    "StepDiff",
    "Task",
    "Window",
    "open_runs",
    "plan_tools",
]
