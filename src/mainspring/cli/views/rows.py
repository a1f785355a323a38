"""The table of runs: a line each, what they were asked last, cut where the terminal ends."""

import time
from collections.abc import Sequence
from typing import Final

from rich.text import Text

from mainspring.cli.stored.looking import Looked
from mainspring.cli.views.screen import Screen, harmless
from mainspring.cli.views.tally import dollars
from mainspring.cli.views.times import age_text

_TITLES: Final = ("run", "agent", "status", "age", "steps", "cost", "asked")
_RIGHT: Final = {"age", "steps", "cost"}
_ASKED_CHARS: Final = 60
"""What is shown of the words where the width is not known."""
_ASKED_CHARS_AT_LEAST: Final = 12


def draw_runs(out: Screen, runs: Sequence[Looked]) -> None:
    """Draw the table."""
    now = time.time()
    rows = [_cells(run, now) for run in runs]
    widths = [max(len(row[place]) for row in (_TITLES, *rows)) for place in range(len(_TITLES) - 1)]
    room = _ASKED_CHARS
    if out.is_terminal:
        room = max(_ASKED_CHARS_AT_LEAST, out.console.width - sum(widths) - 2 * len(widths))
    out.line(_line(_TITLES, widths, ["dim"] * len(_TITLES)))
    for run, cells in zip(runs, rows, strict=True):
        asked = cells[-1] if len(cells[-1]) <= room else f"{cells[-1][: room - 1]}…"
        styles = ["bold", "", run.state[1], "dim", "", "", ""]
        out.line(_line((*cells[:-1], asked), widths, styles))


def _cells(run: Looked, now: float) -> tuple[str, ...]:
    cost = run.tally.usage.cost_usd
    return (
        run.row.id,
        run.row.agent,
        run.state[0],
        age_text(now - run.row.created_at),
        f"{run.tally.n_steps}",
        "?" if cost is None else dollars(cost),
        harmless(" ".join(run.asked.split())),
    )


def _line(cells: Sequence[str], widths: Sequence[int], styles: Sequence[str]) -> Text:
    line = Text()
    for title, cell, width, style in zip(_TITLES, cells, (*widths, 0), styles, strict=True):
        line.append(f"{cell:>{width}}" if title in _RIGHT else f"{cell:<{width}}", style=style)
        line.append("  ")
    line.rstrip()
    return line
