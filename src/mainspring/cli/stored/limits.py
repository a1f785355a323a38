"""Budgets on the command line: the options that make one, and the words for what it says."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal

import typer

from mainspring.cli.views.tally import dollars
from mainspring.core import BUDGET_FIELDS, Budget, BudgetField
from mainspring.core.budget import WhenSpent

_NOUNS: Final[dict[BudgetField, tuple[str, str]]] = {
    "usd": ("", ""),
    "input_tokens": ("token in", "tokens in"),
    "output_tokens": ("token out", "tokens out"),
    "model_calls": ("model call", "model calls"),
    "tool_calls": ("tool call", "tool calls"),
    "wall_s": ("s of work", "s of work"),
}
OPTIONS: Final[dict[BudgetField, str]] = {
    "usd": "--usd",
    "input_tokens": "--input-tokens",
    "output_tokens": "--output-tokens",
    "model_calls": "--calls",
    "tool_calls": "--tool-calls",
    "wall_s": "--wall",
}
"""The options that set the limits of a budget that is there."""


def _dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation as error:
        raise typer.BadParameter(f"{text!r} is no amount of US dollars") from error
    if not amount.is_finite() or amount < 0:
        raise typer.BadParameter(f"{text!r} is no amount of US dollars")
    return amount


def _option(name: str, metavar: str, words: str, **rules: Any) -> Any:
    return typer.Option(name, metavar=metavar, help=words, show_default=False, **rules)


Usd = Annotated[Decimal | None, _option("--usd", "USD", "US dollars it may cost.", parser=_dollars)]
Calls = Annotated[int | None, _option("--calls", "N", "Model calls it may make.", min=0)]
ToolCalls = Annotated[int | None, _option("--tool-calls", "N", "Tool calls it may make.", min=0)]
InputTokens = Annotated[int | None, _option("--input-tokens", "N", "Tokens its models may read.", min=0)]
OutputTokens = Annotated[int | None, _option("--output-tokens", "N", "Tokens its models may write.", min=0)]
Wall = Annotated[
    float | None, _option("--wall", "S", "Seconds of work it may take; waiting does not count.", min=0)
]
BudgetUsd = Annotated[Decimal | None, _option("--budget-usd", "USD", "US dollars it may cost.", parser=_dollars)]
BudgetCalls = Annotated[int | None, _option("--budget-calls", "N", "Model calls it may make.", min=0)]
BudgetToolCalls = Annotated[int | None, _option("--budget-tool-calls", "N", "Tool calls it may make.", min=0)]
BudgetInputTokens = Annotated[
    int | None, _option("--budget-input-tokens", "N", "Tokens its models may read.", min=0)
]
BudgetOutputTokens = Annotated[
    int | None, _option("--budget-output-tokens", "N", "Tokens its models may write.", min=0)
]
Spent = Annotated[
    WhenSpent | None,
    _option("--when-spent", "ACTION", "With a call that does not fit: stop (the default), ask or degrade."),
]
WindowGiven = Literal["hour", "day", "month", "never"]
"""A window, or none."""
BudgetWindow = Annotated[
    WindowGiven | None,
    _option("--window", "WINDOW", "Whole again every hour, day or month of UTC, or never (the default)."),
]


def budget_of(**limits: Decimal | float | str | None) -> Budget | None:
    """Make a budget of the limits that are given; None of none."""
    given = {name: value for name, value in limits.items() if value is not None}
    return Budget.model_validate(given) if given else None


def limits_text(budget: Budget) -> str:
    """Say what a budget allows."""
    limits = ((name, getattr(budget, name)) for name in BUDGET_FIELDS)
    return ", ".join(amount_text(name, limit) for name, limit in limits if limit is not None) or "no limit"


def amount_text(name: BudgetField, amount: Decimal | float | str) -> str:
    """Write an amount of a budget's field."""
    value = Decimal(str(amount))
    if name == "usd":
        return dollars(value)
    return f"{value:,f} {_NOUNS[name][value != 1]}"
