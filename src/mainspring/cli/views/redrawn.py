"""What is drawn again and again: in place where somebody looks at a terminal, one after the other elsewhere.

In place means the terminal's other page, so that it may change its size meanwhile; what was shown last stays on the
first one in the end.
"""

from collections.abc import Callable, Sequence

from rich.console import Group
from rich.live import Live
from rich.text import Text

from mainspring.cli.views.screen import Screen

Drawing = Callable[[int], Sequence[Text]]
"""Gives lines that are no wider than so many columns."""


class Redrawn:
    """Draws on stdout; a context manager, as the terminal has to be given back.

    Args:
        out: Where it is drawn.
    """

    def __init__(self, out: Screen) -> None:
        self._out = out
        self._live: Live | None = None
        self._last: Drawing | None = None

    @property
    def is_in_place(self) -> bool:
        """Whether what is drawn takes the place of what was."""
        return self._out.is_lively

    def __enter__(self) -> "Redrawn":
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
            if self._last is not None:
                draw(self._out, self._last)

    def draw(self, drawing: Drawing) -> None:
        """Draw it."""
        if self.is_in_place:
            self._page().update(Group(*self._cut(drawing)), refresh=True)
        else:
            if self._last is not None:
                self._out.line()
            draw(self._out, drawing)
        self._last = drawing

    def _page(self) -> Live:
        """Give the terminal's other page, shown as soon as there is something to draw."""
        if self._live is None:
            self._live = Live(console=self._out.console, auto_refresh=False, screen=True)
            self._live.start()
        return self._live

    def _cut(self, drawing: Drawing) -> Sequence[Text]:
        """Leave out what is below the terminal's edge, and say so."""
        console = self._out.console
        lines = drawing(console.width)
        n_shown = console.height - 1
        if len(lines) <= console.height:
            return lines
        return [*lines[:n_shown], Text(f"… {len(lines) - n_shown} more lines", style="dim")]


def draw(out: Screen, drawing: Drawing) -> None:
    """Draw something once, as wide as there is room."""
    for line in drawing(out.console.width if out.is_terminal else out.width):
        out.line(line)
    out.console.file.flush()
