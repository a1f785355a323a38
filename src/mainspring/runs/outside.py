"""The world outside one run, as its door asks for it: the lease, the clock, deadlines, and runs of other agents."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from mainspring.agent import Agent
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
from mainspring.runs.history import History
from mainspring.runs.journal import Query, RunRow, Store
from mainspring.runs.leases import Keeper
from mainspring.runs.ledger import Balance
from mainspring.runs.purse import limits
from mainspring.runs.submission import Terms, submission

Submit = Callable[[RunRow], Awaitable[None]]
"""Sees to it that somebody drives a run."""


class Outside:
    """What is outside one run.

    Args:
        row: The run.
        store: Where runs are.
        agents: Whoever may be called, by name.
        clock: Tells the time.
        keeper: Keeps the run's lease.
        submit: Hands other runs in.
    """

    def __init__(
        self,
        row: RunRow,
        store: Store,
        agents: Mapping[str, Agent],
        clock: Clock,
        keeper: Keeper,
        submit: Submit,
    ) -> None:
        self._row = row
        self._store = store
        self._agents = agents
        self._clock = clock
        self._keeper = keeper
        self._submit = submit

    async def hold(self) -> None:
        """Make sure that this driver still has the run."""
        await self._keeper.check(self._row.id)

    async def arrived(self, wait: Wait, since: float) -> Response | None:
        """Give what a wait has come to."""
        is_due = (due := due_at(wait, since)) is not None and self._clock.now() >= due
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
        child = child_id(self._row.id, called.key)
        rows = await self._store.rows(Query(ids=[child]))
        if not rows:
            await self._begin(child, called)
            return None
        if not rows[0].has_ended:
            await self._submit(rows[0])
            return None
        history = History(await self._store.entries(child))
        return ended(called.key, child, history)

    async def _begin(self, child: str, called: ChildCalled) -> None:
        agent = self._agents.get(called.agent)
        if agent is None:
            raise ConfigError(f"run {self._row.id!r} calls agent {called.agent!r}, which is not known here")
        balances: dict[str, Balance] = await self._store.balances(self._row.budgets)
        job = bounded(agent.job(called.input, str), limits(balances))
        terms = Terms(budgets=self._row.budgets, parent=self._row.id, priority=self._row.priority)
        with suppress(Conflict):  # an earlier driver of the parent began it
            await self._store.append(submission(child, agent, job, self._clock.now(), terms))
        for row in await self._store.rows(Query(ids=[child])):
            await self._submit(row)


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
