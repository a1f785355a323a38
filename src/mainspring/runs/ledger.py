"""Budget arithmetic: reserve the worst case, settle the truth.

Pure functions over balances; a store calls them inside its transaction, so that many runs that draw on one budget
at once never overdraw it. Amounts are whole numbers (`usd` in billionths of a dollar, `wall_s` in milliseconds), so
that adding them up is exact.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from typing import Final

from pydantic import TypeAdapter

from mainspring.core import BUDGET_FIELDS, Budget, BudgetField, Usage
from mainspring.runs.windows import Window, start_of

Amounts = Mapping[BudgetField, int]
"""How much of each field, in its smallest unit."""

_SCALE: Final[Mapping[BudgetField, int]] = {"usd": 10**9, "wall_s": 1000}
_LEAST: Final[Mapping[BudgetField, int]] = {"wall_s": 1}
"""What any effect takes, though nobody knows it before and nothing is held back for it."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Hold back the worst case of an effect."""

    key: str
    """The effect, within its run."""
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Settle:
    """Turn a reservation into what was really spent; one without a reservation is just spent."""

    key: str
    amounts: Amounts | None = None
    """None counts the whole reservation as spent: nobody knows better."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One budget: its limits, what is spent and what is held back."""

    id: str
    budget: Budget
    spent: Amounts = field(default_factory=dict)
    reserved: Amounts = field(default_factory=dict)
    window: Window | None = None
    """What was spent is forgotten when a new one begins; never, if there is none."""
    since: int = 0
    """When the window that `spent` is about began, in seconds since the Unix epoch."""

    def left(self, name: BudgetField) -> int | None:
        """Give what is left of a field, in its smallest unit; None where it has no limit."""
        limit = limit_of(self.budget, name)
        return None if limit is None else limit - self.spent.get(name, 0) - self.reserved.get(name, 0)


class DoesNotFit(Exception):
    """A reservation exceeds what is left of a budget."""

    def __init__(self, key: str, budget: str, field: BudgetField, needed: int, left: int) -> None:
        super().__init__(key, budget, field, needed, left)
        self.key = key
        """The effect."""
        self.budget = budget
        """Id of the budget."""
        self.field: BudgetField = field
        self.needed = needed
        self.left = left


def reserve(balances: Iterable[Balance], wanted: Reserve) -> list[Balance]:
    """Hold amounts back in all balances of a chain.

    Raises:
        DoesNotFit: One of them has not enough left; nothing is held back anywhere then.
    """
    held = []
    for balance in balances:
        for name in BUDGET_FIELDS:
            left, needed = balance.left(name), wanted.amounts.get(name, _LEAST.get(name, 0))
            if left is not None and (needed > left or left < 0):
                raise DoesNotFit(wanted.key, balance.id, name, needed, left)
        held.append(replace(balance, reserved=add(balance.reserved, wanted.amounts)))
    return held


def settle(balances: Iterable[Balance], reserved: Amounts, spent: Amounts) -> list[Balance]:
    """Free what was held back, and add what was spent."""
    freed = {name: -amount for name, amount in reserved.items()}
    return [
        replace(balance, reserved=add(balance.reserved, freed), spent=add(balance.spent, spent))
        for balance in balances
    ]


def in_window(balance: Balance, now: float) -> Balance:
    """Give the balance as it stands now: nothing is spent yet of a window that has just begun.

    A window that has begun is not gone back from: machines whose clocks differ a little would each start it over,
    and forget what the others have spent.
    """
    if balance.window is None:
        return balance
    since = start_of(balance.window, now)
    return replace(balance, spent={}, since=since) if since > balance.since else balance


def add(one: Amounts, other: Amounts) -> Amounts:
    """Add amounts up, field by field."""
    names = {**one, **other}
    return {name: one.get(name, 0) + other.get(name, 0) for name in names}


def amounts_of(usage: Usage) -> Amounts:
    """Give what a usage takes from a budget; an unknown cost is left out."""
    amounts: dict[BudgetField, int] = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "model_calls": usage.model_calls,
        "tool_calls": usage.tool_calls,
    }
    if usage.cost_usd is not None:
        amounts["usd"] = _smallest("usd", usage.cost_usd)
    return {name: amount for name, amount in amounts.items() if amount}


def limit_of(budget: Budget, name: BudgetField) -> int | None:
    """Give a limit in its field's smallest unit."""
    limit = getattr(budget, name)
    return None if limit is None else _smallest(name, Decimal(str(limit)))


def in_words(name: BudgetField, amount: int) -> str:
    """Write an amount in its field's own unit."""
    value = Decimal(amount) / _SCALE.get(name, 1)
    return f"{value.normalize():f}"


def milliseconds(seconds: float) -> int:
    """Give seconds of work as an amount."""
    return round(seconds * 1000)


def _smallest(name: BudgetField, value: Decimal) -> int:
    return int((value * _SCALE.get(name, 1)).to_integral_value(ROUND_CEILING))


AMOUNTS: Final[TypeAdapter[dict[BudgetField, int]]] = TypeAdapter(dict[BudgetField, int])
"""Amounts as JSON and back."""
