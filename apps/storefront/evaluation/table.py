"""Outcomes in a table, a line for each category."""

from collections.abc import Sequence

from apps.storefront.evaluation.conversation import CATEGORIES
from apps.storefront.evaluation.outcome import Outcome

_HEAD = ("category", "passed", "of", "model calls", "read", "cached", "written", "seconds")


def table(outcomes: Sequence[Outcome]) -> str:
    """Count what was passed, and what it took; tokens read include those that a cache saved."""
    by_category = {name: [one for one in outcomes if one.category == name] for name in CATEGORIES}
    rows = [_HEAD, *(_row(name, some) for name, some in by_category.items() if some), _row("all", outcomes)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    )


def _row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    return (
        name,
        f"{sum(one.is_passed for one in outcomes)}",
        f"{len(outcomes)}",
        f"{sum(one.model_calls for one in outcomes)}",
        f"{sum(one.input_tokens for one in outcomes):,}",
        f"{sum(one.cached_tokens for one in outcomes):,}",
        f"{sum(one.output_tokens for one in outcomes):,}",
        f"{sum(one.wall_s for one in outcomes):,.0f}",
    )
