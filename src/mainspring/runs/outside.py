"""The world outside one run, as its door asks for it: the lease, the clock, deadlines, and runs of other agents."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from mainspring.agent import Agent
from mainspring.agent.child import MAX_DEPTH, given, too_deep
from mainspring.core import Clock
from mainspring.core.errors import ConfigError, Conflict
from mainspring.core.events import (
    ChildCalled,
    ChildEnded,
    HumanAnswered,
    HumanAsked,
    Response,
    TimerRang,
    TimerSet,
    Wait,
)
from mainspring.runs.costs import bounded
from mainspring.runs.forms import Forms
from mainspring.runs.history import History
from mainspring.runs.journal import Query, RunRow, Store
from mainspring.runs.leases import Keeper
from mainspring.runs.ledger import Balance
from mainspring.runs.purse import limits
from mainspring.runs.submission import Terms, submission

Submit = Callable[[RunRow], Awaitable[None]]
"""Sees to it that somebody drives a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is outside one run."""

    row: RunRow
    """The run."""
    store: Store
    agents: Mapping[str, Agent]
    """Whoever may be called, by name."""
    forms: Forms
    """The answer types that are known here."""
    clock: Clock
    keeper: Keeper
    """Keeps the run's lease."""
    submit: Submit

    async def hold(self) -> None:
        """Make sure that this driver still has the run."""
        await self.keeper.check(self.row.id)

    async def arrived(self, wait: Wait, since: float) -> Response | None:
        """Give what a wait has come to."""
        is_due = (due := due_at(wait, since)) is not None and self.clock.now() >= due
        match wait:
            case TimerSet(key=key):
                return TimerRang(key=key) if is_due else None
            case HumanAsked(key=key, otherwise=otherwise):
                late = HumanAnswered(key=key, digest=wait.digest, verdict=otherwise, by="deadline")
                return late if is_due else None
            case ChildCalled():
                return await self._child(wait)

    async def _child(self, called: ChildCalled) -> ChildEnded | None:
        """Give how another run ended; begin it where it is not there yet."""
        child = child_id(self.row.id, called.key)
        rows = await self.store.rows(Query(ids=[child]))
        if not rows:
            if await self._depth() >= MAX_DEPTH:
                return ChildEnded(key=called.key, run="", error=too_deep(called.agent))
            await self._begin(child, called)
            return None
        if not rows[0].has_ended:
            await self.submit(rows[0])
            return None
        history = History(await self.store.entries(child))
        return ended(called.key, child, history)

    async def _begin(self, child: str, called: ChildCalled) -> None:
        agent = self.agents.get(called.agent)
        if agent is None:
            raise ConfigError(f"run {self.row.id!r} calls agent {called.agent!r}, which is not known here")
        balances: dict[str, Balance] = await self.store.balances(self.row.budgets)
        *before, asked = given(called)
        job = agent.job(asked, self.forms.known(called.answer_schema), before)
        own = () if called.budget is None else (called.budget,)
        job = bounded(job, [*own, *limits(balances)])
        terms = Terms(
            budget=called.budget,
            budgets=self.row.budgets,
            parent=self.row.id,
            priority=self.row.priority,
        )
        with suppress(Conflict):  # an earlier driver of the parent began it
            await self.store.append(submission(child, agent, job, self.clock.now(), terms))
        for row in await self.store.rows(Query(ids=[child])):
            await self.submit(row)

    async def _depth(self) -> int:
        """Count the runs that wait for each other down to this one."""
        depth, parent = 1, self.row.parent
        while parent is not None and depth <= MAX_DEPTH:
            rows = await self.store.rows(Query(ids=[parent]))
            depth, parent = depth + 1, rows[0].parent if rows else None
        return depth


def child_id(parent: str, key: str) -> str:
    """Name the run that a call of a run begins: the same however often the call is come to."""
    return f"{parent}.{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def due_at(wait: Wait, since: float) -> float | None:
    """Give when a wait is over at the latest, in seconds since the Unix epoch; None for those without an end."""
    match wait:
        case TimerSet(seconds=seconds):
            return since + seconds
        case HumanAsked(within_s=float(within_s)):
            return since + within_s
        case _:
            return None


def ended(key: str, run: str, history: History) -> ChildEnded:
    """Say how another run ended."""
    match history.ended:
        case None:
            error: str | None = "it has not ended"
        case end if end.type == "finished":
            return ChildEnded(key=key, run=run, output=end.output, usage=history.usage)
        case end if end.type == "failed":
            error = f"{end.error}: {end.message}"
        case _:
            error = "RunCancelled: it was cancelled"
    return ChildEnded(key=key, run=run, error=error, usage=history.usage)
