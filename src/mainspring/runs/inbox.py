"""What waits for a human, and the human's answers.

An answer is an event in the run's journal, bound to the digest of exactly what was asked, and used once: a second
one, or one to an older question, is refused.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import JsonValue

from mainspring.core import Budget, Clock, Entry, JsonObject, ToolCall
from mainspring.core.errors import AnswerError, Conflict
from mainspring.core.events import AskKind, BudgetRaised, Event, HumanAnswered, HumanAsked, Verdict
from mainspring.runs.history import History
from mainspring.runs.journal import Append, Query, Store
from mainspring.runs.outside import due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One question that waits for a human."""

    id: str
    """Made of the run and the digest of what is asked."""
    run: str
    agent: str
    kind: AskKind
    question: str
    call: ToolCall | None
    """The tool call it is about."""
    budget: str | None
    """The budget that is short."""
    asked_at: float
    """Seconds since the Unix epoch."""
    deadline_at: float | None
    """When it is too late to answer."""
    verdicts: tuple[Verdict, ...]
    """What can be answered."""
    key: str
    digest: str


class Inbox:
    """What waits for a human, in one store.

    Args:
        store: Where runs are.
        clock: Tells the time.
        submit: Sees to it that a run, given by its id, is driven on.
    """

    def __init__(self, store: Store, clock: Clock, submit: Callable[[str], Awaitable[None]]) -> None:
        self._store = store
        self._clock = clock
        self._submit = submit

    async def pending(self, run: str | None = None) -> list[Pending]:
        """Give all open questions, or those of one run, the oldest first."""
        entries = await self._store.asked()
        by_run: dict[str, list[Entry]] = {}
        for entry in entries:
            if run is None or entry.run == run:
                by_run.setdefault(entry.run, []).append(entry)
        agents = {row.id: row.agent for row in await self._store.rows(Query(ids=list(by_run), limit=len(by_run)))}
        found = [
            item
            for name, some in by_run.items()
            for item in (_pending(entry, agents.get(name, "")) for entry in History(some).pending)
            if item is not None and not _is_over(item, self._clock.now())
        ]
        return sorted(found, key=lambda item: item.asked_at)

    async def approve(self, id: str, *, by: str, reason: str = "", budget: Budget | None = None) -> Pending:  # noqa: A002 - it is one
        """Let it be done; with a budget, that is what it may spend from now on.

        Raises:
            AnswerError: There is no such question any more, or it cannot be answered so.
        """
        return await self._answer(id, "approve", by, reason=reason, budget=budget)

    async def deny(self, id: str, *, by: str, reason: str = "") -> Pending:  # noqa: A002 - it is one
        """Refuse it; the model is told the reason.

        Raises:
            AnswerError: There is no such question any more.
        """
        return await self._answer(id, "deny", by, reason=reason)

    async def edit(self, id: str, arguments: JsonObject, *, by: str, reason: str = "") -> Pending:  # noqa: A002 - it is one
        """Let it be done with other arguments.

        Raises:
            AnswerError: There is no such question any more, or it is about no call.
        """
        return await self._answer(id, "edit", by, reason=reason, arguments=arguments)

    async def answer(self, id: str, value: JsonValue, *, by: str) -> Pending:  # noqa: A002 - it is one
        """Say what was asked for: the answer to a question, or the result of a call that was in doubt.

        Raises:
            AnswerError: There is no such question any more, or it cannot be answered so.
        """
        return await self._answer(id, "answer", by, value=value)

    async def _answer(  # noqa: PLR0913 - one for each thing an answer may hold
        self,
        id: str,  # noqa: A002 - it is one
        verdict: Verdict,
        by: str,
        *,
        reason: str = "",
        arguments: JsonObject | None = None,
        value: JsonValue = None,
        budget: Budget | None = None,
    ) -> Pending:
        while True:
            item = await self._find(id)
            if verdict not in item.verdicts:
                raise AnswerError(f"{item.id} asks {item.question!r}: answer with {' or '.join(item.verdicts)}")
            answered = HumanAnswered(
                key=item.key,
                digest=item.digest,
                verdict=verdict,
                reason=reason,
                arguments=arguments,
                value=value,
                by=by,
            )
            try:
                await self._write(item, answered, budget)
            except Conflict:
                continue  # the run went on meanwhile: look whether it still asks
            await self._submit(item.run)
            return item

    async def _find(self, id: str) -> Pending:  # noqa: A002 - it is one
        found = [item for item in await self.pending() if item.id.startswith(id)]
        if len(found) == 1:
            return found[0]
        if found:
            raise AnswerError(f"{id!r} may be {' or '.join(item.id for item in found)}; write more of it")
        raise AnswerError(
            f"nothing asks for {id!r} (any more): it was answered, its time is over, or its run has ended; "
            "see `mainspring inbox list`"
        )

    async def _write(self, item: Pending, answered: HumanAnswered, budget: Budget | None) -> None:
        now = self._clock.now()
        history = History(await self._store.entries(item.run))
        if all(_pending(entry, item.agent) != item for entry in history.pending):
            raise Conflict(f"{item.id} was answered meanwhile")
        events: list[Event] = [answered]
        limits: dict[str, Budget] = {}
        if budget is not None:
            if item.budget is None:
                raise AnswerError(f"{item.id} asks {item.question!r}, which is about no budget")
            limits[item.budget] = await raised(self._store, item.budget, budget)
            events.insert(0, BudgetRaised(id=item.budget, budget=limits[item.budget], by=answered.by))
        if _is_over(item, now):
            raise AnswerError(f"{item.id} asks {item.question!r}: its time is over")
        await self._store.append(
            Append(
                run=item.run,
                expected=history.n_events,
                at=now,
                events=tuple((now, event) for event in events),
                limits=limits,
                wake=item.run,
            )
        )


async def raised(store: Store, id: str, budget: Budget) -> Budget:  # noqa: A002 - it is one
    """Give a budget's limits with some of them replaced."""
    known = await store.balances([id])
    new = budget.model_dump(exclude_unset=True)
    return (known[id].budget if id in known else Budget()).model_copy(update=new)


_VERDICTS: dict[AskKind, tuple[Verdict, ...]] = {
    "approval": ("approve", "deny", "edit"),
    "question": ("answer", "deny"),
    "in_doubt": ("approve", "deny", "answer"),
    "budget": ("approve", "deny"),
}


def _is_over(item: Pending, now: float) -> bool:
    """Tell whether it is too late to answer."""
    return item.deadline_at is not None and now >= item.deadline_at


def _pending(entry: Entry, agent: str) -> Pending | None:
    asked = entry.event
    if not isinstance(asked, HumanAsked):
        return None
    return Pending(
        id=hashlib.sha256(f"{entry.run}/{asked.digest}".encode()).hexdigest()[:12],
        run=entry.run,
        agent=agent,
        kind=asked.kind,
        question=asked.question,
        call=asked.call,
        budget=asked.budget,
        asked_at=entry.at,
        deadline_at=due_at(asked, entry.at),
        verdicts=_VERDICTS[asked.kind],
        key=asked.key,
        digest=asked.digest,
    )
