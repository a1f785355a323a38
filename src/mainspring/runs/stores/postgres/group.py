"""What a group of appends comes to, one after the other, on what was found of their runs and budgets.

Nothing here touches the database. An append that is refused leaves no trace, so that it never harms the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mainspring.core.errors import Conflict, JournalError, UnknownRun
from mainspring.runs.journal import ENDED, Append, Status
from mainspring.runs.ledger import Amounts, Balance, Settle, on_day, reserve, settle
from mainspring.runs.stored import Packed, pack

_NOTHING: Final[Amounts] = {}


@dataclass(frozen=True, slots=True)
class Handed:
    """An append as it was handed in, ready to be written."""

    batch: Append
    packed: Sequence[Packed]
    contents: Mapping[str, bytes]
    size_bytes: int

    @classmethod
    def of(cls, batch: Append) -> "Handed":
        """Make an append ready."""
        contents = dict(batch.contents)
        packed = [pack(event, contents) for _, event in batch.events]
        size_bytes = sum(len(event.body) for event in packed) + sum(map(len, contents.values()))
        return cls(batch, packed, contents, size_bytes)

    @property
    def moves_money(self) -> bool:
        """Whether budgets are to be read and locked for it."""
        batch = self.batch
        return bool(batch.reserve or batch.settle or batch.limits or batch.status in ENDED)


@dataclass(slots=True)
class Row:
    """What appends have to know of a run, and what they change of it."""

    id: str
    n_events: int
    status: Status
    is_woken: bool = False
    budgets: tuple[str, ...] = ()
    due_at: float | None = None
    updated_at: float | None = None
    """None where only its waking changed."""
    is_released: bool = False
    """Whether its lease is given back."""


class Group:
    """Takes appends in, and knows what has to be written for them.

    Args:
        rows: The runs of the appends and those to be woken, by id.
        balances: The budgets that the appends may draw on, by id.
        held: What is held back for their runs, by run and key.
    """

    def __init__(
        self, rows: Mapping[str, Row], balances: Mapping[str, Balance], held: Mapping[tuple[str, str], Amounts]
    ) -> None:
        self.taken: list[Handed] = []
        """The appends to be written."""
        self.created: dict[str, Append] = {}
        """What makes new runs, by their id."""
        self.changed: set[str] = set()
        """Ids of the runs that are not as they were found."""
        self.rows = dict(rows)
        self.balances = dict(balances)
        self._known = dict(balances)
        self._held = dict(held)
        self._found = dict(held)

    @property
    def opened(self) -> list[Balance]:
        """Budgets that were not there."""
        return [self.balances[name] for name in sorted(self.balances.keys() - self._known.keys())]

    @property
    def moved(self) -> list[Balance]:
        """Budgets that were there and are not as they were."""
        known = self._known
        return [self.balances[name] for name in sorted(known) if self.balances[name] is not known[name]]

    @property
    def freed(self) -> list[tuple[str, str]]:
        """Reservations that are gone."""
        return [place for place, amounts in self._found.items() if self._held.get(place) is not amounts]

    @property
    def reserved(self) -> list[tuple[str, str, Amounts]]:
        """Reservations that are new."""
        return [(*place, amounts) for place, amounts in self._held.items() if self._found.get(place) is not amounts]

    def take(self, handed: Handed) -> Status:
        """Take an append in, and give its run's status after it.

        Raises:
            Conflict: The run has another number of events, or there is one of that id already.
            DoesNotFit: A reservation exceeds what is left of a budget.
            UnknownRun: There is no such run.
            JournalError: Something is held back under a key of it already.
        """
        batch = handed.batch
        row = self._row(batch)
        settled = self._settled(batch)
        after = self._after(batch, row.budgets, settled)
        if batch.create is not None:
            self.created[row.id] = batch
            self.rows[row.id] = row
        self.balances |= after
        for item in settled:
            self._held.pop((row.id, item.key), None)
        self._held |= {(row.id, item.key): item.amounts for item in batch.reserve}
        self._change(row, batch)
        self._wake(batch.wake)
        self.taken.append(handed)
        return row.status

    def _row(self, batch: Append) -> Row:
        found = self.rows.get(batch.run)
        if batch.create is not None:
            if found is not None:
                raise Conflict(f"there is a run {batch.run!r} already; give the other one another id")
            return Row(
                batch.run, 0, batch.status or "pending", budgets=batch.create.budgets, due_at=batch.create.due_at
            )
        if found is None:
            raise UnknownRun(f"there is no run {batch.run!r} in this store; see `mainspring runs list`")
        if found.n_events != batch.expected:
            raise Conflict(
                f"run {batch.run!r} has {found.n_events} events, not {batch.expected}: somebody else wrote to it"
            )
        return found

    def _settled(self, batch: Append) -> list[Settle]:
        """Give what is settled: what the batch says, and all the rest where it ends the run."""
        named = {item.key for item in batch.settle}
        if batch.status not in ENDED:
            return list(batch.settle)
        rest = [key for run, key in self._held if run == batch.run and key not in named]
        return [*batch.settle, *map(Settle, rest)]

    def _after(self, batch: Append, budgets: Iterable[str], settled: list[Settle]) -> dict[str, Balance]:
        """Give the budgets that the batch changes, as they are after it."""
        raised = {
            name: replace(self.balances.get(name) or Balance(name, budget), budget=budget)
            for name, budget in batch.limits.items()
        }
        if not (settled or batch.reserve):
            return raised
        known = {**self.balances, **raised}
        now = [on_day(known[name], batch.at) for name in budgets if name in known]
        for item in settled:
            held = self._held.get((batch.run, item.key), _NOTHING)
            now = settle(now, held, held if item.amounts is None else item.amounts)
        gone = {item.key for item in settled}
        for wanted in batch.reserve:
            if wanted.key not in gone and (batch.run, wanted.key) in self._held:
                raise JournalError(
                    f"run {batch.run!r} holds something back for {wanted.key!r} already; settle that first"
                )
            now = reserve(now, wanted)
        return raised | {balance.id: balance for balance in now}

    def _change(self, row: Row, batch: Append) -> None:
        self.changed.add(row.id)
        row.n_events += len(batch.events)
        row.updated_at = batch.at
        if batch.status is None or batch.create is not None:
            return
        goes_on = batch.status == "waiting" and row.is_woken
        row.status = "pending" if goes_on else batch.status
        row.due_at = None if goes_on else batch.due_at
        row.is_released = row.is_released or batch.status != "running"

    def _wake(self, run: str | None) -> None:
        if run is None or (row := self.rows.get(run)) is None:
            return
        self.changed.add(row.id)
        row.is_woken = True
        if row.status == "waiting":
            row.status = "pending"
            row.due_at = None
