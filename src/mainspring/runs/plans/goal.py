"""What somebody wants done: a goal, and tasks that come after each other or at a time.

A task is an agent's, and becomes a run of it, or a person's, who says when it is done. Nothing here knows how far
anything has come.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from mainspring.agent import Agent
from mainspring.core import USER, Budget, Label

Moment = datetime | float
"""A point in time; a number is seconds since the Unix epoch, and a time without a zone is that of this machine."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to be done."""

    name: str
    """Names it within its goal: up to 40 letters, digits, `_` and `-`."""
    _: KW_ONLY
    input: str = ""
    """What the agent is asked, or what the person is to do; the name if not given."""
    agent: Agent | str | None = None
    """Who does it, by itself or by its name; a person if not given."""
    after: Sequence[str] = ()
    """Tasks that have to be done before; their results are told with the input."""
    due: Moment | None = None
    """An agent does not begin before; a person's task is overdue from then on."""
    deadline: Moment | None = None
    """By when it is to be done: an agent's task that has not begun by then fails, any other is overdue."""
    every_s: float | None = None
    """Seconds from one time to the next, where it is to be done again and again until somebody cancels it."""
    budget: Budget | None = None
    """What one run of it may use."""
    charge: Sequence[str] = ()
    """Names of shared budgets that its runs draw on, besides the goal's."""
    label: Label | None = None
    """Where the wish comes from; the goal's label if not given."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Something to be reached by tasks."""

    title: str
    _: KW_ONLY
    tasks: Sequence[Task] = ()
    user: str = ""
    """Whom it is for; empty for nobody in particular."""
    id: str | None = None
    """A name of your own: adding it again gives the one that is there. Made up if not given."""
    charge: Sequence[str] = ()
    """Names of shared budgets that all its runs draw on (`Runs.share_budget`)."""
    label: Label = USER
    """Where the wish comes from, and how far it may be trusted."""


def seconds(moment: Moment | None) -> float | None:
    """Give a moment in seconds since the Unix epoch."""
    return moment.timestamp() if isinstance(moment, datetime) else moment
