"""The history of a pool: each promotion and each review of a canary is a run, and this is what those say.

Nothing is kept beside the runs: a decision is a fold over the events of one.
"""

from collections.abc import Sequence
from typing import Literal

from mainspring.core import Entry
from mainspring.core.errors import ConfigError
from mainspring.core.events import Failed, Finished, HumanAnswered, RunStarted, ToolReturned
from mainspring.evals.outcome import Value
from mainspring.promotion.acting import Shared, gate, give_share, weigh
from mainspring.promotion.canary import Weighing
from mainspring.promotion.gate import Verdict
from mainspring.promotion.orders import Order, Promotion, read_order
from mainspring.promotion.promoter import NAME, promoter
from mainspring.runs import DurableRun, Query, RunRow, Runs
from mainspring.runs.journal import EVERY, LIVING

State = Literal["done", "left", "waiting", "open", "failed", "cancelled"]
"""`done`: the share was given. `left`: the pool is as it was. `waiting`: for a human. `open`: not decided yet."""


class Answered(Value):
    """What a human said."""

    by: str
    verdict: str
    reason: str = ""


class Decision(Value):
    """One promotion, or one review of a canary."""

    run: str
    at: float
    """When it began, in seconds since the Unix epoch."""
    order: Order
    state: State
    says: str = ""
    """What came of it, in words."""
    verdict: Verdict | None = None
    """Of the gate, where models were held to cases."""
    weighing: Weighing | None = None
    """Of a canary's live results."""
    answers: tuple[Answered, ...] = ()
    shared: Shared | None = None
    """What the pool became."""
    shared_at: float | None = None
    """When that was."""

    @property
    def by(self) -> str:
        """Who decided: the human that said yes or no, or else whoever asked for it."""
        return self.answers[-1].by if self.answers else self.order.by

    @property
    def share(self) -> float:
        """The share that was given, or that it was about."""
        if self.shared is not None:
            return self.shared.share
        if isinstance(self.order, Promotion):
            return self.order.share
        return self.order.share if self.weighing is None else self.weighing.share_to


async def begin(runs: Runs, order: Order) -> DurableRun[str]:
    """Begin a promotion or a review; the same one that was cut off goes on.

    Args:
        runs: The store that it is kept in, and whose worker, or this process, does it.
        order: What is to be decided.

    Raises:
        ConfigError: Something else about the same pool is not decided yet.
    """
    words = order.model_dump_json()
    for row in await runs.find(Query(agents=[NAME], statuses=LIVING, limit=EVERY)):
        decision = decision_of(row, await runs.store.entries(row.id))
        if decision is None or decision.order.pool != order.pool:
            continue
        if decision.order == order:
            return await runs.start(promoter, words, id=row.id)
        raise ConfigError(
            f"{order.pool!r} is being decided on in {row.id}, about {decision.order.model!r}; answer it with "
            f"`mainspring inbox`, let it go on, or end it with `mainspring runs cancel {row.id}`"
        )
    return await runs.start(promoter, words)


async def decisions(runs: Runs, pool: str) -> list[Decision]:
    """Give all that was decided about a pool, the newest first."""
    rows = await runs.find(Query(agents=[NAME], limit=EVERY))
    found = [decision_of(row, await runs.store.entries(row.id)) for row in rows]
    return [one for one in found if one is not None and one.order.pool == pool]


async def last_share(runs: Runs, pool: str) -> Decision:
    """Give the decision that gave a pool the shares that it has.

    Raises:
        ConfigError: There is none in the store.
    """
    given = [one for one in await decisions(runs, pool) if one.shared_at is not None]
    if not given:
        raise ConfigError(
            f"nothing was promoted in {pool!r} by a run of {runs.store.url}; see `mainspring pool promote --help`"
        )
    return max(given, key=lambda one: one.shared_at or 0.0)


def decision_of(row: RunRow, entries: Sequence[Entry]) -> Decision | None:
    """Read what was decided in a run; None where it is no promotion's.

    Args:
        row: Its row.
        entries: All of its events.
    """
    order: Order | None = None
    answers: list[Answered] = []
    told: dict[str, tuple[float, str]] = {}
    says = ""
    for entry in entries:
        match entry.event:
            case RunStarted(messages=messages):
                try:
                    order = read_order(messages[-1].text)
                except ConfigError:
                    return None
            case ToolReturned(result=result) if not result.is_error:
                told[result.name] = (entry.at, result.text)
            case HumanAnswered(by=by, verdict=verdict, reason=reason):
                answers.append(Answered(by=by, verdict=verdict, reason=reason))
            case Finished(output=output):
                says = str(output)
            case Failed(error=error, message=message):
                says = f"{error}: {message}"
            case _:
                pass
    if order is None:
        return None
    shared_at, shared = told.get(give_share.name, (None, ""))
    return Decision(
        run=row.id,
        at=row.created_at,
        order=order,
        state=_state(row, is_shared=bool(shared)),
        says=says,
        verdict=Verdict.model_validate_json(told[gate.name][1]) if gate.name in told else None,
        weighing=Weighing.model_validate_json(told[weigh.name][1]) if weigh.name in told else None,
        answers=tuple(answers),
        shared=Shared.model_validate_json(shared) if shared else None,
        shared_at=shared_at,
    )


def _state(row: RunRow, *, is_shared: bool) -> State:
    match row.status:
        case "finished":
            return "done" if is_shared else "left"
        case "waiting":
            return "waiting"
        case "failed":
            return "failed"
        case "cancelled":
            return "cancelled"
        case "pending" | "running":
            return "open"
