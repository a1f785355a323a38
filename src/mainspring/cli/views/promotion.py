"""Canaries and decisions about pools, drawn: figures in columns, and what follows from them in a line."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from rich.text import Text

from mainspring.cli.views.screen import ACCENT, harmless
from mainspring.cli.views.tally import dollars
from mainspring.cli.views.times import clock_text, seconds_text
from mainspring.promotion import Decision, Live, MemberLive, Weighing
from mainspring.promotion.decisions import State
from mainspring.promotion.orders import Promotion

_TITLES: Final = (
    "member",
    "runs",
    "failed",
    "decisions",
    "unusable",
    "escalated",
    "tool errors",
    "denied",
    "s/decision",
    "$/decision",
)
_ACTIONS: Final = {"widen": "green", "hold": "yellow", "withdraw": "red"}
_STATES: Final[dict[State, tuple[str, str]]] = {
    "done": ("done", "green"),
    "left": ("left as it was", "yellow"),
    "waiting": ("waits for a human", "yellow"),
    "open": ("not decided yet", ACCENT),
    "failed": ("failed", "red"),
    "cancelled": ("cancelled", "dim"),
}


def weighing_lines(live: Live, weighing: Weighing) -> Iterator[Text]:
    """Draw how the members of a pool did, and what becomes of the canary."""
    name = harmless(weighing.candidate.name)
    yield Text.assemble(
        (live.pool, "bold"), (f"  {name} has {weighing.share:.0%} since {clock_text(live.since)}", "dim")
    )
    rows = [_cells(member) for member in live.members]
    widths = [max(len(row[place]) for row in (_TITLES, *rows)) for place in range(len(_TITLES))]
    yield _line(_TITLES, widths, "dim")
    for row in rows:
        yield _line(row, widths, "")
    action = weighing.action if weighing.action == "hold" else f"{weighing.action} to {weighing.share_to:.0%}"
    yield Text.assemble((action, _ACTIONS[weighing.action]), "  ", harmless(weighing.why))


def decision_lines(decision: Decision) -> Iterator[Text]:
    """Draw a decision: when, what, how it stands, by whom; then why."""
    order, (state, style) = decision.order, _STATES[decision.state]
    what = "promote" if isinstance(order, Promotion) else "canary"
    yield Text.assemble(
        (clock_text(decision.at), "bold"),
        f"  {what} {harmless(order.model)} to {decision.share:.0%}  ",
        (state, style),
        (f"  by {harmless(decision.by) or 'nobody in particular'} · {decision.run}", "dim"),
    )
    if decision.says:
        yield Text(f"  {harmless(decision.says)}")
    for answer in decision.answers:
        reason = f": {harmless(answer.reason)}" if answer.reason else ""
        yield Text(f"  {harmless(answer.by)} said {answer.verdict}{reason}", "dim")


def _cells(member: MemberLive) -> tuple[str, ...]:
    return (
        harmless(member.name),
        *(
            f"{number:,}"
            for number in (
                member.runs,
                member.faulty_runs,
                member.decisions,
                member.unusable,
                member.escalated,
                member.failed_tools,
                member.denied,
            )
        ),
        seconds_text(member.mean_s) if member.decisions else "-",
        _each(member.cost_usd, member.decisions),
    )


def _each(cost_usd: Decimal | None, n_decisions: int) -> str:
    if cost_usd is None:
        return "?"
    return dollars(cost_usd / n_decisions) if n_decisions else "-"


def _line(cells: tuple[str, ...], widths: list[int], style: str) -> Text:
    first, *rest = (
        f"{cell:<{width}}" if place == 0 else f"{cell:>{width}}"
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return Text("  ".join((first, *rest)), style)
