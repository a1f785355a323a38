"""What code can say of an example beside its source, before any judge is asked.

Each check is a pure function of an `Asked`; `check` asks them all, in the order of `CHECKS`. What they say is
written for whoever writes the answer, so that it can be mended. Imports the contract types of the room and nothing
else of it.
"""

from mainspring.data.checks.asked import Asked
from mainspring.data.checks.every import CHECKS, Check, check
from mainspring.data.checks.refusals import is_refusal

__all__ = ["CHECKS", "Asked", "Check", "check", "is_refusal"]
