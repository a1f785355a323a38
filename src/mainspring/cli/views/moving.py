"""One line on stderr that says how far something is: in place on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Callable
from typing import Final, Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from mainspring.cli.views.screen import ACCENT, Screen

_EVERY_S: Final = 10.0
"""Between two lines where nobody looks at a terminal."""
_REDRAW_S: Final = 0.1
_BAR_WIDTH: Final = 16
_AROUND_WORDS: Final = _BAR_WIDTH + 4
"""Columns that the spinner, the bar and the blanks between them take."""


class MovingLine:
    """A line that moves while its block lasts, and is gone afterwards.

    Args:
        notes: Where.
        monotonic: Tells how much time has passed, in seconds.
    """

    def __init__(self, notes: Screen, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.notes = notes
        self._monotonic = monotonic
        self._began_s = monotonic()
        self._told_s = float("-inf")
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    @property
    def passed_s(self) -> float:
        """Seconds since the beginning."""
        return self._monotonic() - self._began_s

    @property
    def room(self) -> int | None:
        """Columns for words; None where nobody looks at a terminal."""
        return self.notes.console.width - _AROUND_WORDS if self.notes.is_lively else None

    def is_time(self) -> bool:
        """Tell whether the last words have stood for long enough."""
        return self._monotonic() - self._told_s >= (_REDRAW_S if self.notes.is_lively else _EVERY_S)

    def tell(self, words: str, done: float | None = None, total: float | None = None) -> None:
        """Say how far it is.

        Args:
            words: In one line.
            done: How much of it is done; not used where nothing moves.
            total: How much there is; None where nobody knows.
        """
        self._told_s = self._monotonic()
        if self.notes.is_lively:
            bar = self._moving()
            bar.update(bar.task_ids[0], total=total, completed=done or 0, words=words)
        else:
            self.notes.line(words, style="dim")

    def _moving(self) -> Progress:
        if self._bar is None:
            columns = (
                SpinnerColumn(style=ACCENT),
                BarColumn(_BAR_WIDTH, complete_style=ACCENT, finished_style=ACCENT, pulse_style=ACCENT),
                TextColumn("{task.fields[words]}", style="dim", markup=False),
            )
            self._bar = Progress(*columns, console=self.notes.console, transient=True)
            self._bar.add_task("", total=None, words="")
            self._bar.start()
        return self._bar
