"""What came of a run: its figures, and a page that draws them.

`figures` reads the folder, `curves` lays lines out, `page` writes one HTML file that needs nothing else.
"""

from mainspring.train.reporting.figures import Figures, read_figures
from mainspring.train.reporting.page import write_report

__all__ = ["Figures", "read_figures", "write_report"]
