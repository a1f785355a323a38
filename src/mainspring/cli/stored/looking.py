"""Runs of a store as somebody looks at them: found by the beginning of their id, folded, put in words."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from mainspring.cli.stored.store import existing, typed
from mainspring.cli.views.tally import Tally
from mainspring.core import Entry, JsonObject
from mainspring.core.errors import ConfigError
from mainspring.core.events import Failed, Finished, HumanAsked, RunStarted, TimerSet
from mainspring.runs import Query, RunRow, Runs, Settings, open_runs
from mainspring.runs.history import History
from mainspring.runs.identity import is_dead

_LOOKED_THROUGH: Final = 10_000
"""How many runs are looked through for the beginning of an id."""
_NAMED: Final = 4
_PREFIX: Final = "run_"


@asynccontextmanager
async def looking(store: str | None) -> AsyncIterator[Runs]:
    """Open a store that is there, without driving any of its runs.

    Raises:
        ConfigError: It is not there.
    """
    async with open_runs(existing(store), settings=Settings(work=False)) as runs:
        yield runs


async def one_run(runs: Runs, name: str, store: str | None) -> RunRow:
    """Find a run by its id or the beginning of it; a run goes before those that it started.

    Raises:
        ConfigError: There is none, or more than one.
    """
    for row in await runs.find(Query(ids=[name])):
        return row
    rows = await runs.find(Query(limit=_LOOKED_THROUGH)) if name else []
    found = {row.id: row for row in rows if row.id.startswith((name, f"{_PREFIX}{name}"))}
    tops = [row for row in found.values() if row.id.rpartition(".")[0] not in found]
    if len(tops) == 1:
        return tops[0]
    if not tops:
        raise ConfigError(f"there is no run {name!r}; see `{typed(store, 'runs', 'list')}`")
    named = ", ".join(row.id for row in tops[:_NAMED])
    more = f" and {len(tops) - _NAMED} more" if len(tops) > _NAMED else ""
    raise ConfigError(f"{name!r} may be any of {named}{more}; write more of it")


async def root_of(runs: Runs, row: RunRow) -> RunRow:
    """Give the run that everything of a run began with."""
    while row.parent is not None:
        row = await runs.row(row.parent)
    return row


@dataclass(frozen=True, slots=True)
class Looked:
    """A run with its events, folded."""

    row: RunRow
    entries: tuple[Entry, ...]
    history: History
    tally: Tally

    @property
    def started(self) -> RunStarted | None:
        """What it began with."""
        started = self.history.happened.get("start")
        return started if isinstance(started, RunStarted) else None

    @property
    def asked(self) -> str:
        """What it was asked."""
        return self.started.messages[-1].text if self.started else ""

    @property
    def state(self) -> tuple[str, str]:
        """How it stands, in a word or two, and the style of them."""
        match self.row.status:
            case "waiting":
                return f"waiting: {self._waits_for}", "yellow"
            case "running" if is_cut_off(self.row):
                return "cut off", "yellow"
            case "running":
                return "running", "cyan"
            case "failed":
                return "failed", "red"
            case "finished":
                return "finished", "green"
            case status:
                return status, ""

    @property
    def document(self) -> JsonObject:
        """What a program is told of it."""
        row, usage, end = self.row, self.tally.usage, self.history.ended
        answer: JsonValue = end.output if isinstance(end, Finished) else None
        return {
            "id": row.id,
            "agent": row.agent,
            "status": row.status,
            "is_cut_off": is_cut_off(row),
            "asked": self.asked,
            "answer": answer,
            "error": f"{end.error}: {end.message}" if isinstance(end, Failed) else None,
            "model": self.started.model if self.started else None,
            "n_events": row.n_events,
            "n_steps": self.tally.n_steps,
            "work_s": round(self.tally.work_s, 3),
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": None if usage.cost_usd is None else str(usage.cost_usd),
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "due_at": row.due_at,
            "parent": row.parent,
            "driver": row.driver,
            "lease_until": row.lease_until,
            "budgets": list(row.budgets),
        }

    @property
    def _waits_for(self) -> str:
        events = [entry.event for entry in self.history.pending]
        if any(isinstance(event, HumanAsked) for event in events):
            return "human"
        return "timer" if any(isinstance(event, TimerSet) for event in events) else "agent"


async def look(runs: Runs, row: RunRow) -> Looked:
    """Read a run."""
    entries = tuple(await runs.store.entries(row.id))
    tally = Tally()
    for entry in entries:
        tally.take(entry)
    return Looked(row, entries, History(entries), tally)


def is_cut_off(row: RunRow) -> bool:
    """Tell whether a run has a driver that is gone."""
    if row.status != "running" or row.driver is None:
        return False
    return is_dead(row.driver) or (row.lease_until or 0.0) < time.time()
