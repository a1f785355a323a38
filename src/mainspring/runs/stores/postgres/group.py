"""What a group of writes comes to, one after the other, on what was found of their runs and budgets.

Nothing here touches the database. A write that is refused leaves no trace, so that it never harms the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mainspring.core.errors import Conflict, UnknownRun
from mainspring.runs.journal import ENDED, Append, Status
from mainspring.runs.stored import Packed, pack
from mainspring.runs.stores.postgres.money import Holding, Money, Settling


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


Write = Handed | Holding | Settling
"""What may be part of a group."""


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
    """Takes writes in, and knows what has to be written for them.

    Args:
        rows: The runs of the appends and those to be woken, by id.
        money: The budgets that the writes may draw on.
    """

    def __init__(self, rows: Mapping[str, Row], money: Money) -> None:
        self.taken: list[Handed] = []
        """The appends to be written."""
        self.created: dict[str, Append] = {}
        """What makes new runs, by their id."""
        self.changed: set[str] = set()
        """Ids of the runs that are not as they were found."""
        self.rows = dict(rows)
        self.money = money
        """What becomes of budgets."""

    def take(self, write: Write) -> Status | None:
        """Take a write in, and give its run's status after it, where it is an append.

        Raises:
            Conflict: The run has another number of events, or there is one of that id already.
            DoesNotFit: A reservation or a hold exceeds what is left of a budget.
            UnknownRun: There is no such run.
            ConfigError: A budget to hold something back of is not there.
            JournalError: Something is held back under a key of it already.
        """
        match write:
            case Handed():
                return self._append(write)
            case Holding():
                self.money.hold(write)
            case Settling():
                self.money.settle(write)
        return None

    def _append(self, handed: Handed) -> Status:
        batch = handed.batch
        row = self._row(batch)
        self.money.spend(batch, row.budgets)
        if batch.create is not None:
            self.created[row.id] = batch
            self.rows[row.id] = row
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
