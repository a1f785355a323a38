"""Journals as training data: finished runs of an agent become conversations with tool calls.

Which runs is said in a small filter language (`approved and steps<=6`). What is learnt is the good path: corrected
steps stay out, and a call that a human changed is shown as it was made. Imports the contract types of
`mainspring.data`, `runs` and the core.
"""

from mainspring.data.traces.counts import REASONS, Counts, Reason
from mainspring.data.traces.traces import Handling, Taking, traces
from mainspring.data.traces.where import read_where
from mainspring.data.traces.words import FIELDS, WORDS, Where

__all__ = [
    "FIELDS",
    "REASONS",
    "WORDS",
    "Counts",
    "Handling",
    "Reason",
    "Taking",
    "Where",
    "read_where",
    "traces",
]
