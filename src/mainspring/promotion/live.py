"""How the members of a pool do in the runs of a store: what they decided, and what became of it.

What is counted is runs, not decisions: those of one run resemble each other, and a run keeps to one member
(docs/pool.md), so runs are what chance has dealt out between the members. A run in which several members decided
counts once for each of them. A fault is laid to whoever made the decision that it came of.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from mainspring.core import Entry
from mainspring.core.events import (
    Corrected,
    Escalated,
    Failed,
    HumanAnswered,
    HumanAsked,
    ModelReplied,
    ToolReturned,
)
from mainspring.evals.outcome import Value
from mainspring.runs.journal import Journal, Query, RunRow

_PAGE: Final = 1000
_DEADLINE: Final = "deadline"
"""Who answers where nobody did in time."""
_OF_THE_MODEL: Final = frozenset({"ModelReplyError", "Stuck", "StepLimit"})
"""What ends a run because of what its model decided."""


class MemberLive(Value):
    """One member, over the runs that were looked at."""

    name: str
    runs: int = 0
    """Runs in which it decided anything."""
    faulty_runs: int = 0
    """Those in which any of its decisions came to one of the faults below."""
    decisions: int = 0
    unusable: int = 0
    """Replies that were neither a call nor an answer, answers that did not fit or that a judge refused."""
    escalated: int = 0
    """Times that a dearer model had to go on."""
    failed_tools: int = 0
    """Calls that came back as errors."""
    denied: int = 0
    """Calls that a human refused."""
    failed_runs: int = 0
    """Runs that ended without an answer for what it decided last."""
    seconds: float = 0.0
    """All of its calls together."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)
    """US dollars; None where a price is not known."""

    @property
    def mean_s(self) -> float:
        """Seconds of a decision."""
        return self.seconds / self.decisions if self.decisions else 0.0


class Live(Value):
    """What a pool's members did."""

    pool: str
    since: float
    """Only runs that began at this time or later count, in seconds since the Unix epoch."""
    members: tuple[MemberLive, ...]

    def split(self, candidate: str) -> tuple[MemberLive, MemberLive]:
        """Give the candidate, and all others as one; processes of one member count together."""
        own = [one for one in self.members if _is_of(one.name, candidate)]
        others = [one for one in self.members if not _is_of(one.name, candidate)]
        return _together(candidate, own), _together("the others", others)


async def live(store: Journal, pool: str, since: float) -> Live:
    """Read how the members of a pool did.

    Args:
        store: The runs.
        pool: What agents ask for.
        since: Runs that began before this time are left out; a run that has not ended counts as far as it is.
    """
    members: dict[str, MemberLive] = {}
    async for row in _rows(store, since):
        for name, run in _faults(await store.entries(row.id), pool).items():
            known = members.get(name, MemberLive(name=name))
            members[name] = _together(name, [known, run.counted(name)])
    return Live(pool=pool, since=since, members=tuple(members[name] for name in sorted(members)))


@dataclass(slots=True)
class _Part:
    """What one member did in one run."""

    replies: list[ModelReplied] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def counted(self, name: str) -> MemberLive:
        """Count it."""
        costs = [reply.usage.cost_usd for reply in self.replies]
        known = [cost for cost in costs if cost is not None]
        return MemberLive(
            name=name,
            runs=1,
            faulty_runs=int(bool(self.faults)),
            decisions=len(self.replies),
            unusable=self.faults.count("unusable"),
            escalated=self.faults.count("escalated"),
            failed_tools=self.faults.count("failed_tool"),
            denied=self.faults.count("denied"),
            failed_runs=self.faults.count("failed_run"),
            seconds=sum(reply.duration_s for reply in self.replies),
            input_tokens=sum(reply.usage.input_tokens for reply in self.replies),
            output_tokens=sum(reply.usage.output_tokens for reply in self.replies),
            cost_usd=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        )


def _faults(entries: Sequence[Entry], pool: str) -> dict[str, _Part]:
    """Lay what went wrong in a run to the members whose decisions it came of."""
    parts: dict[str, _Part] = {}
    by_turn: dict[int, _Part] = {}
    refused: set[str] = set()
    last: _Part | None = None
    for event in (entry.event for entry in entries):
        match event:
            case ModelReplied(turn=turn, model=model, member=member):
                last = None
                if model == pool and member and not event.cached:
                    last = by_turn[turn] = parts.setdefault(member, _Part())
                    last.replies.append(event)
            case HumanAnswered(key=key, verdict="deny", by=by) if by != _DEADLINE:
                refused.add(key)
            case HumanAsked(kind="approval"):
                refused.discard(event.key)
            case Failed(error=error) if last is not None and error in _OF_THE_MODEL:
                last.faults.append("failed_run")
            case Corrected() | Escalated() | ToolReturned():
                part = by_turn.get(event.turn)
                if part is not None and (fault := _fault(event, refused)):
                    part.faults.append(fault)
            case _:
                pass
    return parts


def _fault(event: Corrected | Escalated | ToolReturned, refused: Iterable[str]) -> str:
    """Name what went wrong, if anything did."""
    match event:
        case Corrected():
            return "unusable"
        case Escalated():
            return "escalated"
        case ToolReturned(turn=turn, result=result):
            if f"approval:{turn}:{result.call_id}" in refused:
                return "denied"
            return "failed_tool" if result.is_error else ""


def _is_of(member: str, candidate: str) -> bool:
    """Tell a candidate's processes: several are called `name#0`, `name#1`."""
    return member == candidate or member.startswith(f"{candidate}#")


def _together(name: str, members: Sequence[MemberLive]) -> MemberLive:
    costs = [one.cost_usd for one in members]
    known = [cost for cost in costs if cost is not None]
    return MemberLive(
        name=name,
        runs=sum(one.runs for one in members),
        faulty_runs=sum(one.faulty_runs for one in members),
        decisions=sum(one.decisions for one in members),
        unusable=sum(one.unusable for one in members),
        escalated=sum(one.escalated for one in members),
        failed_tools=sum(one.failed_tools for one in members),
        denied=sum(one.denied for one in members),
        failed_runs=sum(one.failed_runs for one in members),
        seconds=sum(one.seconds for one in members),
        input_tokens=sum(one.input_tokens for one in members),
        output_tokens=sum(one.output_tokens for one in members),
        cost_usd=sum(known, Decimal(0)) if len(known) == len(costs) else None,
    )


async def _rows(store: Journal, since: float) -> AsyncIterator[RunRow]:
    """Give the rows of runs that began at a time or later, page by page, the newest first."""
    seen: set[str] = set()
    before: float | None = None
    while True:
        page = await store.rows(Query(before=before, limit=_PAGE))
        new = [row for row in page if row.id not in seen]
        for row in new:
            if row.created_at < since:
                return
            seen.add(row.id)
            yield row
        if len(page) < _PAGE:
            return
        before = page[-1].created_at
