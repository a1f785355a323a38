"""Budgets as small bars: what is spent, what is held back for calls in progress, what is left."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from rich.text import Text

from mainspring.cli.stored.limits import amount_text
from mainspring.cli.views.screen import ACCENT
from mainspring.core import BUDGET_FIELDS, BudgetField, JsonObject
from mainspring.runs import Window
from mainspring.runs.ledger import Balance, in_words, limit_of

_WIDTH: Final = 20
_TITLES: Final[dict[BudgetField, str]] = {
    "usd": "dollars",
    "input_tokens": "tokens in",
    "output_tokens": "tokens out",
    "model_calls": "model calls",
    "tool_calls": "tool calls",
    "wall_s": "seconds",
}
_WINDOWS: Final[dict[Window, str]] = {
    "hour": "whole again every full hour",
    "day": "whole again at midnight UTC",
    "month": "whole again on the first of the month, UTC",
}


def window_text(balance: Balance) -> str:
    """Say when a budget is whole again; nothing where it never is."""
    return "" if balance.window is None else _WINDOWS[balance.window]


def budget_lines(balance: Balance) -> Iterator[Text]:
    """Draw a budget, a line for each limit; what is spent of the rest is one line more."""
    limited = [name for name in BUDGET_FIELDS if limit_of(balance.budget, name) is not None]
    for name in limited:
        yield _line(balance, name)
    rest = [
        amount_text(name, in_words(name, amount))
        for name in BUDGET_FIELDS
        if name not in limited and (amount := balance.spent.get(name, 0))
    ]
    if rest or not limited:
        yield Text(f"without a limit: {', '.join(rest) or 'nothing'} spent", style="dim")


def budget_document(balance: Balance) -> JsonObject:
    """Give a budget for programs: amounts as text, so that they are exact."""
    return {
        "id": balance.id,
        "window": balance.window,
        "when_spent": balance.budget.when_spent,
        "limits": {
            name: in_words(name, limit)
            for name in BUDGET_FIELDS
            if (limit := limit_of(balance.budget, name)) is not None
        },
        "spent": {name: in_words(name, amount) for name, amount in balance.spent.items()},
        "held": {name: in_words(name, amount) for name, amount in balance.reserved.items()},
    }


def _line(balance: Balance, name: BudgetField) -> Text:
    limit = limit_of(balance.budget, name) or 0
    spent, held = balance.spent.get(name, 0), balance.reserved.get(name, 0)
    left = max(0, limit - spent - held)
    n_spent, n_held = _columns(spent, held, limit)
    is_gone = left == 0
    words = f"{_amount(name, spent)} of {_amount(name, limit)} spent"
    if held:
        words += f", {_amount(name, held)} held"
    return Text.assemble(
        f"{_TITLES[name]:<12}",
        ("█" * n_spent, "red" if is_gone else ACCENT),
        ("▒" * n_held, ACCENT),
        ("░" * (_WIDTH - n_spent - n_held), "dim"),
        f"  {words}, ",
        (f"{_amount(name, left)} left" if left else "nothing left", "red" if is_gone else ""),
    )


def _columns(spent: int, held: int, limit: int) -> tuple[int, int]:
    """Give the columns of what is spent and of what is held; what is there at all has one at least."""
    if limit <= 0:
        return _WIDTH, 0
    n_spent = min(_WIDTH, max(round(_WIDTH * spent / limit), 1 if spent else 0))
    n_held = min(_WIDTH - n_spent, max(round(_WIDTH * held / limit), 1 if held else 0))
    return n_spent, n_held


def _amount(name: BudgetField, amount: int) -> str:
    value = Decimal(in_words(name, amount))
    return amount_text(name, value) if name == "usd" else f"{value:,f}"
