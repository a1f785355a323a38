"""What a group of writes does to budgets, one after the other, on what was found of them.

Nothing here touches the database. What is refused changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import ClassVar, Final

from mainspring.core.errors import JournalError
from mainspring.runs.holds import Hold, held_twice, hold_back, settle_hold
from mainspring.runs.journal import ENDED, Append
from mainspring.runs.ledger import Amounts, Balance, Settle, in_window, reserve, settle

_NOTHING: Final[Amounts] = {}
Place = tuple[str, str]
"""Whose, and under which key."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A hold as it was asked for."""

    size_bytes: ClassVar = 256
    """About as much as is written for it."""
    hold: Hold
    now: float

    @property
    def place(self) -> Place:
        """Where it is to be held."""
        return self.hold.place


@dataclass(frozen=True, slots=True)
class Settling:
    """What was said of a hold in the end."""

    size_bytes: ClassVar = 256
    """About as much as is written for it."""
    owner: str
    settled: Settle
    now: float

    @property
    def place(self) -> Place:
        """Where it is held."""
        return self.owner, self.settled.key


class Money:
    """Takes in what moves money, and knows what has to be written for it.

    Args:
        balances: The budgets that may be drawn on, by id.
        reserved: What is held back for runs, by run and key.
        holds: The holds that may be settled or whose time may have passed, with budgets that are all known.
    """

    def __init__(
        self, balances: Mapping[str, Balance], reserved: Mapping[Place, Amounts], holds: Iterable[Hold]
    ) -> None:
        self._balances = dict(balances)
        self._balances_found = dict(balances)
        self._reserved = dict(reserved)
        self._reserved_found = dict(reserved)
        self._holds = {hold.place: hold for hold in holds}
        self._holds_found = dict(self._holds)
        self._by_time = [(hold.until, hold.place) for hold in self._holds.values()]
        heapify(self._by_time)

    @property
    def opened(self) -> list[Balance]:
        """Budgets that were not there."""
        return [self._balances[name] for name in sorted(self._balances.keys() - self._balances_found.keys())]

    @property
    def moved(self) -> list[Balance]:
        """Budgets that were there and are not as they were."""
        found = self._balances_found
        return [self._balances[name] for name in sorted(found) if self._balances[name] is not found[name]]

    @property
    def freed(self) -> list[Place]:
        """Reservations of runs that are gone."""
        found = self._reserved_found
        return [place for place, amounts in found.items() if self._reserved.get(place) is not amounts]

    @property
    def reserved(self) -> list[tuple[str, str, Amounts]]:
        """Reservations of runs that are new."""
        found = self._reserved_found
        return [(*place, amounts) for place, amounts in self._reserved.items() if found.get(place) is not amounts]

    @property
    def let_go(self) -> list[Place]:
        """Holds that are gone."""
        return [place for place, hold in sorted(self._holds_found.items()) if self._holds.get(place) is not hold]

    @property
    def held(self) -> list[Hold]:
        """Holds that are new."""
        found = self._holds_found
        return [hold for place, hold in sorted(self._holds.items()) if found.get(place) is not hold]

    def spend(self, batch: Append, budgets: Iterable[str]) -> None:
        """Do what an append to a run wants.

        Args:
            batch: The append.
            budgets: Ids of the budgets that the run draws on.

        Raises:
            DoesNotFit: A reservation exceeds what is left of a budget.
            JournalError: Something is held back under a key of it already.
        """
        if batch.reserve:
            self._lapse(batch.at)
        settled = self._settled(batch)
        self._balances |= self._after(batch, budgets, settled)
        for item in settled:
            self._reserved.pop((batch.run, item.key), None)
        self._reserved |= {(batch.run, item.key): item.amounts for item in batch.reserve}

    def hold(self, asked: Holding) -> None:
        """Hold something back.

        Raises:
            DoesNotFit: One of the budgets has not enough left.
            ConfigError: One of them is not there.
            JournalError: Something is held back under its key already.
        """
        self._lapse(asked.now)
        if asked.place in self._holds:
            raise held_twice(*asked.place)
        self._put(hold_back(asked.hold, self._balances, asked.now))
        self._holds[asked.place] = asked.hold
        heappush(self._by_time, (asked.hold.until, asked.place))

    def settle(self, asked: Settling) -> None:
        """Settle a hold, if it is there."""
        self._close(asked.place, asked.settled.amounts, asked.now)

    def _lapse(self, now: float) -> None:
        """Count what is held as spent where its time has passed."""
        while self._by_time and self._by_time[0][0] < now:
            _, place = heappop(self._by_time)
            if (hold := self._holds.get(place)) is not None and hold.is_lapsed(now):
                self._close(place, None, now)

    def _close(self, place: Place, amounts: Amounts | None, now: float) -> None:
        if (hold := self._holds.pop(place, None)) is not None:
            self._put(settle_hold(hold, self._balances, amounts, now))

    def _put(self, after: Iterable[Balance]) -> None:
        self._balances |= {balance.id: balance for balance in after}

    def _settled(self, batch: Append) -> list[Settle]:
        """Give what is settled: what the batch says, and all the rest where it ends the run."""
        named = {item.key for item in batch.settle}
        if batch.status not in ENDED:
            return list(batch.settle)
        rest = [key for run, key in self._reserved if run == batch.run and key not in named]
        return [*batch.settle, *map(Settle, rest)]

    def _after(self, batch: Append, budgets: Iterable[str], settled: list[Settle]) -> dict[str, Balance]:
        """Give the budgets that the batch changes, as they are after it."""
        raised = {
            name: replace(self._balances.get(name) or Balance(name, budget), budget=budget)
            for name, budget in batch.limits.items()
        }
        if not (settled or batch.reserve):
            return raised
        known = {**self._balances, **raised}
        now = [in_window(known[name], batch.at) for name in budgets if name in known]
        for item in settled:
            held = self._reserved.get((batch.run, item.key), _NOTHING)
            now = settle(now, held, held if item.amounts is None else item.amounts)
        gone = {item.key for item in settled}
        for wanted in batch.reserve:
            if wanted.key not in gone and (batch.run, wanted.key) in self._reserved:
                raise JournalError(
                    f"run {batch.run!r} holds something back for {wanted.key!r} already; settle that first"
                )
            now = reserve(now, wanted)
        return raised | {balance.id: balance for balance in now}
