"""A build: from a folder of documents to a dataset, durably, within a budget, on one machine or many.

May import everything else of the room `data`.
"""

from mainspring.data.building.build import STORE, build, work
from mainspring.data.building.compare import compare
from mainspring.data.building.options import Options
from mainspring.data.building.report import Report
from mainspring.data.building.state import State

__all__ = ["STORE", "Options", "Report", "State", "build", "compare", "work"]
