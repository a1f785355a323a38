"""The first thing that is written of a run: its row, its definition, what it was asked."""

from dataclasses import dataclass
from typing import TypeVar

from mainspring.agent import Agent
from mainspring.agent.job import Job
from mainspring.core import Budget, Event
from mainspring.core.events import Submitted
from mainspring.runs.definition import Definition
from mainspring.runs.journal import Append, NewRun
from mainspring.runs.stored import digest_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a run is handed in."""

    budget: Budget | None = None
    """A budget of its own."""
    budgets: tuple[str, ...] = ()
    """Ids of other budgets that it draws on, too."""
    parent: str | None = None
    """The run that waits for it."""
    priority: int = 0
    """Higher goes first."""
    at: float | None = None
    """Not to be driven before this time, in seconds since the Unix epoch."""
    forked_from: str | None = None
    """`run:seq` of the event that it departs from."""


def own_budget(run: str) -> str:
    """Name the budget that a run has for itself."""
    return f"run:{run}"


def submission(run: str, agent: Agent, job: Job[T], now: float, terms: Terms) -> Append:
    """Make what is written first of a run of an agent.

    Args:
        run: The new run's id.
        agent: Who works.
        job: What it works with.
        now: The time, in seconds since the Unix epoch.
        terms: On what terms.
    """
    return first_append(run, agent.name, Definition.of(agent, job), now, terms, (job.started,))


def first_append(
    run: str, agent: str, definition: Definition, now: float, terms: Terms, events: tuple[Event, ...]
) -> Append:
    """Make what is written first of a run.

    Args:
        run: The new run's id.
        agent: Name of who works.
        definition: What it works under.
        now: The time, in seconds since the Unix epoch.
        terms: On what terms.
        events: What is known to have happened already, its start included.
    """
    own = {} if terms.budget is None else {own_budget(run): terms.budget}
    budgets = (*own, *terms.budgets)
    content = definition.content
    submitted = Submitted(
        definition=digest_of(content),
        budget=terms.budget,
        budgets=budgets,
        parent=terms.parent,
        forked_from=terms.forked_from,
    )
    return Append(
        run=run,
        expected=0,
        at=now,
        events=tuple((now, event) for event in (submitted, *events)),
        contents={submitted.definition: content},
        create=NewRun(agent=agent, parent=terms.parent, priority=terms.priority, due_at=terms.at, budgets=budgets),
        limits=own,
    )
