"""Suites of cases, held to models: scored in code, with intervals, cost and time beside quality.

A case is one decision; what is compared is the same cases. May import `runs`, `teams` and everything below them.
"""

from mainspring.evals.bootstrap import Interval
from mainspring.evals.case import Case, Routine, case_of
from mainspring.evals.changes import Change, changes
from mainspring.evals.comparing import Comparison, Side, compare
from mainspring.evals.folder import Results
from mainspring.evals.intervals import difference_interval, mean_interval
from mainspring.evals.judge import Judge
from mainspring.evals.kept import Kept, read_kept
from mainspring.evals.loading import load_suite
from mainspring.evals.outcome import Held, JudgeRates, Outcome
from mainspring.evals.reading import read_files
from mainspring.evals.running import hold, work_of
from mainspring.evals.suite import Suite

__all__ = [
    "Case",
    "Change",
    "Comparison",
    "Held",
    "Interval",
    "Judge",
    "JudgeRates",
    "Kept",
    "Outcome",
    "Results",
    "Routine",
    "Side",
    "Suite",
    "case_of",
    "changes",
    "compare",
    "difference_interval",
    "hold",
    "load_suite",
    "mean_interval",
    "read_files",
    "read_kept",
    "work_of",
]
