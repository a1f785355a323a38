"""What people do to a run from outside: stop it, and let it go on.

Each is an event, written behind whatever is there.
"""

from mainspring.core import Budget, Clock
from mainspring.core.errors import ConfigError, Conflict
from mainspring.core.events import (
    BudgetRaised,
    CancelAsked,
    Cancelled,
    Event,
    HumanAnswered,
    HumanAsked,
    Resumed,
)
from mainspring.runs.history import History
from mainspring.runs.inbox import raised
from mainspring.runs.journal import Append, Journal, Query, RunRow, Status, Store
from mainspring.runs.submission import own_budget


async def cancelled(store: Store, row: RunRow, clock: Clock, by: str) -> bool:
    """Write that a run is to stop; tells whether that has ended it, or its driver has to."""
    while True:
        if row.has_ended:
            return True
        history = History(await store.entries(row.id))
        events: list[Event] = [CancelAsked(by=by)]
        status: Status | None = None
        if row.status != "running":
            events.append(Cancelled(usage=history.usage))
            status = "cancelled"
        try:
            await _write(store, row, history, clock, events, status=status)
        except Conflict:
            row = await _again(store, row)
        else:
            return status is not None


async def resumed(store: Store, row: RunRow, clock: Clock, by: str, budget: Budget | None) -> None:
    """Write that a run is to go on, with other limits if they are given.

    Raises:
        ConfigError: It has its answer already, or no budget of its own.
    """
    while True:
        if row.status == "finished":
            raise ConfigError(f"run {row.id!r} has its answer; fork it to go on from an earlier point")
        history = History(await store.entries(row.id))
        events, limits = await _going_on(store, row, history, by, budget)
        if not events:
            return
        status: Status | None = "pending" if row.status in {"failed", "cancelled"} else None
        try:
            await _write(store, row, history, clock, events, status=status, limits=limits)
        except Conflict:
            row = await _again(store, row)
        else:
            return


async def _going_on(
    store: Store, row: RunRow, history: History, by: str, budget: Budget | None
) -> tuple[list[Event], dict[str, Budget]]:
    own = own_budget(row.id)
    if budget is None:
        return ([Resumed(by=by)] if row.has_ended else []), {}
    if own not in row.budgets:
        raise ConfigError(
            f"run {row.id!r} has no budget of its own; it draws on {', '.join(row.budgets) or 'none'}"
        )
    limits = {own: await raised(store, own, budget)}
    answers = [
        HumanAnswered(key=asked.key, digest=asked.digest, verdict="approve", by=by)
        for asked in (entry.event for entry in history.pending)
        if isinstance(asked, HumanAsked) and asked.kind == "budget"
    ]
    return [BudgetRaised(id=own, budget=limits[own], by=by), *answers], limits


async def _write(  # noqa: PLR0913 - one for each thing that is written together
    store: Journal,
    row: RunRow,
    history: History,
    clock: Clock,
    events: list[Event],
    *,
    status: Status | None,
    limits: dict[str, Budget] | None = None,
) -> None:
    now = clock.now()
    wake = row.parent if status == "cancelled" else None if status is not None else row.id
    await store.append(
        Append(
            run=row.id,
            expected=history.n_events,
            at=now,
            events=tuple((now, event) for event in events),
            status=status,
            wake=wake,
            limits=limits or {},
        )
    )


async def _again(store: Store, row: RunRow) -> RunRow:
    return (await store.rows(Query(ids=[row.id])))[0]
