"""Model calls that are made once: kept by what was asked, paced by what the server bears, paid from one budget.

May import `runs` for the store and its budgets, `models` and what is below.
"""

from mainspring.data.calls.kept import KeptModel, Tally
from mainspring.data.calls.keys import key_of
from mainspring.data.calls.pace import Pace
from mainspring.data.calls.purse import Purse

__all__ = ["KeptModel", "Pace", "Purse", "Tally", "key_of"]
