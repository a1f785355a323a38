"""How a turn of the flywheel goes, and what came of it."""

from pathlib import Path
from typing import Final

from rich.table import Table

from mainspring.cli.views.moving import MovingLine
from mainspring.cli.views.screen import Screen
from mainspring.cli.views.times import age_text
from mainspring.fly import Figures, Landing, Line, Progress

_LABEL: Final = 9


class FlightView(MovingLine):
    """Says on stderr how far a flight is."""

    _told = ("", "")

    def take(self, progress: Progress) -> None:
        """Say how far it is, if it is time to; what comes once is always said."""
        far = f"{progress.done:,} of {progress.total:,} " if progress.total else ""
        words = f"{progress.stage:<{_LABEL}}{far}{progress.says} · {age_text(self.passed_s)}"
        if not progress.total:
            self.notes.line(words, style="dim")
            return
        kind = (progress.stage, progress.says.partition(":")[0] if progress.stage == "evaluate" else "")
        if progress.done == progress.total or kind != self._told or self.is_time():
            self._told = kind
            self.tell(words, progress.done, progress.total)


def draw_landing(out: Screen, landing: Landing, figures: Figures, page: Path) -> None:
    """Draw the models side by side, tokens that were read anew and written among it, and what was decided."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model")
    for title in ("right", "95 %", "other", "seconds", "tokens", "GFLOP"):
        table.add_column(title, justify="right")
    for line in figures.lines:
        table.add_row(*_row(line))
    out.console.print(table)
    ratio = "" if figures.compute_ratio is None else f", at {figures.compute_ratio:.1%} of its compute"
    out.say(
        "behind",
        f"{100 * figures.behind:.1f} points behind the teacher "
        f"({100 * figures.behind_low:.1f} to {100 * figures.behind_high:.1f}){ratio}",
        indent=_LABEL,
    )
    if landing.verdict is not None:
        for place, reason in enumerate(landing.verdict.reasons):
            out.say("" if place else "gate", reason, indent=_LABEL)
    if landing.decision:
        out.say("pool", landing.decision, indent=_LABEL)
    out.say("report", str(page), indent=_LABEL)


def _row(line: Line) -> tuple[str, ...]:
    escalated = f" ({line.escalated:.0%})" if line.which == "tuned, then teacher" else ""
    return (
        line.which + escalated,
        f"{line.score:.1%}",
        f"{100 * line.low:.1f}–{100 * line.high:.1f}",
        "" if line.general is None else f"{line.general:.1%}",
        f"{line.seconds:.2f}",
        f"{line.tokens_read:.0f}+{line.tokens_written:.0f}",
        "" if line.gigaflop is None else f"{line.gigaflop:.1f}",
    )
