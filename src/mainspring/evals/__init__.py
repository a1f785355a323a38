"""Suites of cases, held to models: scored in code, with intervals, cost and time beside quality.

May import `runs`, `teams` and everything below them.
"""

from mainspring.evals.outcome import Held, Outcome

__all__ = ["Held", "Outcome"]
