"""The flywheel: runs of a large model train a small one, which serves first if it passes its gate.

May import everything but `serve` and `cli`.
"""

from mainspring.fly.figures import Figures, Line, figures_of
from mainspring.fly.flight import Flight, Landing, Progress, Stage, fly
from mainspring.fly.report import write_report

__all__ = ["Figures", "Flight", "Landing", "Line", "Progress", "Stage", "figures_of", "fly", "write_report"]
