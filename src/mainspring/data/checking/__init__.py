"""What is wrong with a dataset, and what it is like: its rows, what they cite, and how long they are.

Imports the contract types of `mainspring.data`, what writes a dataset (`writing`) and what finds duplicates
(`cleaning`).
"""

from mainspring.data.checking.dataset import check_dataset
from mainspring.data.checking.findings import Bar, Finding, Findings, Lengths

__all__ = ["Bar", "Finding", "Findings", "Lengths", "check_dataset"]
