"""What becomes of a run besides its steps: who drives it, what it may spend, who stopped it and who let it go on.

The loop neither makes these events nor reads them.
"""

from dataclasses import dataclass
from typing import Literal

from mainspring.core.budget import Budget, BudgetField
from mainspring.core.events.base import Versioned


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted(Versioned):
    """A run was handed in: under what definition it works and what it may spend."""

    type: Literal["submitted"] = "submitted"
    definition: str
    """Digest of the kept definition: the tools, limits and sampling that the run started with."""
    budget: Budget | None = None
    budgets: tuple[str, ...] = ()
    """Ids of all budgets it draws on: its own, its parents', shared ones."""
    parent: str | None = None
    """The run that waits for this one."""
    forked_from: str | None = None
    """`run:seq` of the event that it departs from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted(Versioned):
    """A driver took the run over; whoever drove it before may not write any more."""

    type: Literal["attempted"] = "attempted"
    driver: str
    code: str
    """Version of Mainspring."""
    changed: tuple[str, ...] = ()
    """What of the agent is not as it was when the run started; the run goes on under what it started with."""


DoubtPolicy = Literal["retry", "reconcile", "ask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtFound(Versioned):
    """An effect was begun by an earlier driver, and nobody knows whether it happened."""

    type: Literal["doubt_found"] = "doubt_found"
    key: str
    policy: DoubtPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetExceeded(Versioned):
    """An effect was refused because it might cost more than is left."""

    type: Literal["budget_exceeded"] = "budget_exceeded"
    key: str
    """The effect."""
    model: str | None = None
    """The model that was too dear, for a model call."""
    budget: str
    """Id of the budget."""
    field: BudgetField
    needed: str
    """The worst case of the effect, in the field's own unit."""
    left: str
    action: Literal["stop", "ask", "degrade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRaised(Versioned):
    """A budget that the run draws on has new limits."""

    type: Literal["budget_raised"] = "budget_raised"
    id: str
    """The budget."""
    budget: Budget
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Versioned):
    """Somebody let a run that had ended without an answer go on; what failed is tried again."""

    type: Literal["resumed"] = "resumed"
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked(Versioned):
    """Somebody wants the run to stop."""

    type: Literal["cancel_asked"] = "cancel_asked"
    by: str
