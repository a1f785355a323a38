"""Begin a durable run, or go on with the one that the same command began and that was cut off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mainspring.agent import Agent
from mainspring.cli.load import answer_type
from mainspring.cli.stored.driving import Taken
from mainspring.cli.stored.looking import is_cut_off
from mainspring.cli.stored.store import typed
from mainspring.cli.views.screen import Screen
from mainspring.cli.views.tally import count
from mainspring.core import Budget, Entry
from mainspring.core.errors import ConfigError
from mainspring.core.events import HumanAnswered, ModelReplied, RunStarted
from mainspring.runs import Query, RunRow, Runs, Status

_OPEN: Final[tuple[Status, ...]] = ("pending", "running", "waiting")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person wants to be run."""

    agent: Agent
    words: str
    inputs: dict[str, str]
    budget: Budget | None
    charge: Sequence[str]
    """Shared budgets that it draws on, too."""
    name: str | None
    """What the run is to be called."""
    is_new: bool
    """Whether to begin anew in any case."""


async def start(runs: Runs, wanted: Wanted, store: str, notes: Screen) -> Taken:
    """Begin a run, or go on with the one of that name, or with one of the same words that was cut off.

    Raises:
        MainspringError: As `Runs.start` does.
    """
    known = await (_of_words(runs, wanted, store, notes) if wanted.name is None else _of_name(runs, wanted))
    n_known = 0
    if known is not None and not known.has_ended:
        entries = await runs.store.entries(known.id)
        notes.line(f"continuing {known.id}, which {_state(known, entries)}; --new begins anew", style="dim")
        n_known = len(entries)
    run = await runs.start(
        wanted.agent,
        wanted.words,
        output=answer_type(wanted.agent),
        inputs=wanted.inputs or None,
        budget=wanted.budget,
        charge=wanted.charge,
        id=wanted.name if known is None else known.id,
    )
    if known is None:
        notes.say("run", run.id, style="dim")
    return Taken(run, n_known)


async def _of_name(runs: Runs, wanted: Wanted) -> RunRow | None:
    for row in await runs.find(Query(ids=[wanted.name or ""])):
        if wanted.is_new:
            raise ConfigError(f"there is a run {row.id!r} already; give another --id, or leave --new out")
        return row
    return None


async def _of_words(runs: Runs, wanted: Wanted, store: str, notes: Screen) -> RunRow | None:
    """Find the newest run of the same agent and words that has not ended and that nobody drives."""
    if wanted.is_new:
        return None
    for row in await runs.find(Query(agents=[wanted.agent.name], statuses=_OPEN)):
        if row.parent is not None or await _asked(runs, row) != wanted.words:
            continue
        if row.status != "running" or is_cut_off(row):
            return row
        command = typed(store, "runs", "tail", row.id)
        notes.line(f"beginning another run of these words: {row.id} is being driven ({command})", style="dim")
    return None


async def _asked(runs: Runs, row: RunRow) -> str | None:
    """Give the words that a run began with."""
    for entry in await runs.store.entries(row.id):
        if isinstance(entry.event, RunStarted):
            return entry.event.messages[-1].text
    return None


def _state(row: RunRow, entries: Sequence[Entry]) -> str:
    steps = count(sum(isinstance(entry.event, ModelReplied) for entry in entries), "step")
    if row.status == "waiting":
        return f"waits after {steps}"
    last = entries[-1].event if entries else None
    return f"was {'answered' if isinstance(last, HumanAnswered) else 'cut off'} after {steps}"
