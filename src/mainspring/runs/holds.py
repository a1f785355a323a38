"""Holds: money held back for something that is not a run, such as a request that a gateway passes on.

Pure arithmetic, as in the ledger, that a store calls inside its transaction. A hold that is settled in time counts
as what was really spent, in the window in which it is settled. When its time has passed, its owner counts as dead:
the whole of it is spent, in the window in which its time was over. So what becomes of a hold does not depend on who
comes by when.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mainspring.core.errors import ConfigError, JournalError
from mainspring.runs.ledger import Amounts, Balance, Reserve, in_window, reserve, settle
from mainspring.runs.windows import start_of


@dataclass(frozen=True, slots=True)
class Hold:
    """What an owner holds back of budgets."""

    owner: str
    key: str
    """What it is held for; of one owner, no two holds have the same."""
    amounts: Amounts
    budgets: tuple[str, ...]
    """Ids of the budgets; all of them are there."""
    until: float
    """When it is spent whole if nobody has settled it, in seconds since the Unix epoch."""

    @property
    def place(self) -> tuple[str, str]:
        """Its owner and its key."""
        return self.owner, self.key

    def is_lapsed(self, now: float) -> bool:
        """Tell whether its time has passed."""
        return self.until < now


def hold_back(hold: Hold, known: Mapping[str, Balance], now: float) -> list[Balance]:
    """Give the budgets of a hold as they are once it is made.

    Raises:
        DoesNotFit: One of them has not enough left.
        ConfigError: One of them is not among those that are known.
    """
    if missing := [name for name in hold.budgets if name not in known]:
        raise ConfigError(f"there is no shared budget {missing[0]!r}; open it with `runs.share_budget(...)`")
    return reserve([in_window(known[name], now) for name in hold.budgets], Reserve(hold.key, hold.amounts))


def settle_hold(hold: Hold, known: Mapping[str, Balance], amounts: Amounts | None, now: float) -> list[Balance]:
    """Give the budgets of a hold as they are once it is settled.

    Args:
        hold: What was held.
        known: The budgets, by id.
        amounts: What was really spent; None, and a hold whose time has passed, count the whole.
        now: The time, in seconds since the Unix epoch.
    """
    if hold.is_lapsed(now):
        return [_lapse(known[name], hold) for name in hold.budgets]
    spent = hold.amounts if amounts is None else amounts
    return settle([in_window(known[name], now) for name in hold.budgets], hold.amounts, spent)


def _lapse(balance: Balance, hold: Hold) -> Balance:
    """Count the whole of a hold as spent when its time was over, which may be in a window that is over, too."""
    balance = in_window(balance, hold.until)
    is_forgotten = balance.window is not None and balance.since > start_of(balance.window, hold.until)
    (after,) = settle([balance], hold.amounts, {} if is_forgotten else hold.amounts)
    return after


def held_twice(owner: str, key: str) -> JournalError:
    """Say that something is held under a key already."""
    return JournalError(f"{owner!r} holds something back for {key!r} already; settle that first")
