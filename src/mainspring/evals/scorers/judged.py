"""The answer meets a criterion, as a model judges it; see `judge.py`, which asks that model."""

from mainspring.evals.outcome import Value


class Judged(Value):
    """What the judge is told to look for."""

    criterion: str = "It says the same as the right answer, and nothing that contradicts it."
    answer: str = ""
    """A right answer, for the judge to compare with."""
