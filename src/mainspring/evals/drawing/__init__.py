"""A comparison drawn: one HTML page that needs nothing else."""

from mainspring.evals.drawing.page import page

__all__ = ["page"]
