"""Turns what the parts of `teams.py` measured into one document and one table for each."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.table import Table

from benchmarks.overhead_report import rounded

_ROWS: Final[Mapping[str, str]] = {"": "in memory", "sqlite": "in an SQLite store"}


def as_document(taken: Mapping[str, Any]) -> dict[str, Any]:
    """Build the JSON document: a part's figures in memory stand at its top, those in a store below.

    Args:
        taken: The figures of each part that was measured.
    """
    names = {"plan": "plan_parallel", "conversation": "conversation_40"}
    document: dict[str, Any] = {}
    for part, figures in taken.items():
        of_part = {**figures.get("memory", {}), **{key: value for key, value in figures.items() if key != "memory"}}
        document[names.get(part, part)] = _rounded(of_part)
    return document


def as_tables(document: Mapping[str, Any]) -> Iterator[Table]:
    """Build the tables that people read."""
    if delegation := document.get("delegation"):
        columns = {
            "CPU ms\na delegation": "cpu_ms",
            "CPU ms\na plain tool": "plain_cpu_ms",
            "CPU ms\nadded": "added_cpu_ms",
            "ratio": "ratio",
        }
        yield _by_store("A step that hands a task to an agent, and one that calls a tool", columns, delegation)
    if plan := document.get("plan_parallel"):
        columns = {"ms\nfive steps": "five_ms", "ms\none step": "one_ms", "ratio": "ratio_to_one"}
        yield _by_store("Plans of independent steps of 200 ms", columns, plan)
    if conversation := document.get("conversation_40"):
        yield _conversation(conversation)
    if orders := document.get("orders"):
        yield _orders(orders)


def _by_store(title: str, columns: Mapping[str, str], figures: Mapping[str, Any]) -> Table:
    table = _table(title, "", *columns)
    for key, where in _ROWS.items():
        row = figures[key] if key else figures
        table.add_row(where, *(_cell(row[column]) for column in columns.values()))
    return table


def _conversation(figures: Mapping[str, Any]) -> Table:
    columns = {
        "prompt tokens\nsent": "prompt_tokens",
        "served by a\nprefix cache": "cached_tokens",
        "left\nto read": "read_tokens",
        "longest\nprompt": "longest_prompt_tokens",
    }
    table = _table("A conversation of 40 turns", "", *columns)
    table.add_row("as it is", *(_cell(figures[column]) for column in columns.values()))
    title = f"compacted {figures['n_compactions']} times"
    table.add_row(title, *(_cell(figures[f"{column}_compacted"]) for column in columns.values()))
    return table


def _orders(figures: Mapping[str, Any]) -> Table:
    columns = {
        "orders/s": "per_s",
        "median ms\nof one": "median_ms",
        "CPU ms\nof one": "cpu_ms",
        "orders": "n_orders",
        "left\nhalf-way": "n_unanswered",
        "oversold": "oversold",
        "cents missing": "money_missing",
    }
    table = _table("Fifty buyers at once, until a chair is sold out", "", *columns)
    for name in ("sqlite", "postgres"):
        if f"{name}_per_s" in figures:
            table.add_row(name, *(_cell(figures[f"{name}_{column}"]) for column in columns.values()))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    return table


def _cell(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _rounded(value) if isinstance(value, Mapping) else value if isinstance(value, int) else rounded(value)
        for key, value in figures.items()
    }
