"""The two streams a command writes to, and the one way things look on them.

stdout gets results, stderr everything else. Lines begin with an aligned label; what is secondary is dim; there is
one accent colour. Without a terminal, or with NO_COLOR, there is neither colour nor movement, and no line is
wrapped. What others wrote (a model, a tool) is made harmless for terminals before it is shown.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Final

from rich.console import Console
from rich.text import Text

ACCENT: Final = "cyan"
LABEL_WIDTH: Final = 9
"""Columns of the label and the space after it."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Screen:
    """One of the two streams.

    Args:
        stderr: Whether it is stderr rather than stdout.
    """

    def __init__(self, *, stderr: bool) -> None:
        stream = sys.stderr if stderr else sys.stdout
        no_color = bool(os.environ.get("NO_COLOR"))
        self.console: Console = _Console(
            file=stream, highlight=False, markup=False, emoji=False, color_system=None if no_color else "auto"
        )
        self.is_terminal: bool = stream.isatty()
        self.is_lively: bool = self.is_terminal and not no_color and not self.console.is_dumb_terminal
        """Whether things may move: spinners, progress bars, text as it is written."""

    @property
    def width(self) -> int:
        """Columns a line may have; as many as it needs where nobody looks."""
        return min(self.console.width, 100) if self.is_terminal else 1_000_000

    def say(
        self, label: str, text: str | Text, style: str = "", label_style: str = "dim", *, indent: int = LABEL_WIDTH
    ) -> None:
        """Write text behind a label, its further lines aligned with the first."""
        self.console.print(
            Text("\n").join(self.lines(label, text, style, label_style, indent=indent)), soft_wrap=True
        )

    def block(self, text: str, style: str = "") -> None:
        """Write text two columns in."""
        if text:
            self.console.print(Text("\n").join(self.lines("", text, style, indent=2)), soft_wrap=True)

    def lines(
        self, label: str, text: str | Text, style: str = "", label_style: str = "dim", *, indent: int = LABEL_WIDTH
    ) -> list[Text]:
        """Lay text out behind a label, wrapped where somebody looks."""
        body = text if isinstance(text, Text) else Text(harmless(text), style=style)
        room = max(20, self.width - indent)
        wrapped = body.wrap(self.console, room) if self.is_terminal else body.split("\n", allow_blank=True)
        rows = []
        for place, line in enumerate(wrapped):
            line.rstrip()
            rows.append(Text.assemble((f"{label if place == 0 else '':<{indent}}", label_style), line))
        return rows

    def line(self, text: str | Text = "", style: str = "") -> None:
        """Write one line."""
        self.console.print(text if isinstance(text, Text) else Text(harmless(text), style=style), soft_wrap=True)

    def error(self, message: str) -> None:
        """Write `error: ...`; details that a message has on further lines follow dim."""
        first, _, details = harmless(message).partition("\n")
        self.line(Text.assemble(("error", "red"), f": {first}"))
        for line in details.splitlines():
            self.line(f"  {line}", style="dim")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the root of the command line what becomes of a reader that went away."""
        raise BrokenPipeError


@contextmanager
def results() -> Iterator[Screen]:
    """Keep stdout for results: what others print meanwhile (an agent's file, a tool) goes to stderr."""
    screen = Screen(stderr=False)
    with redirect_stdout(sys.stderr):
        yield screen


def harmless(text: str) -> str:
    """Make control characters visible, so that no text moves the cursor or changes the terminal."""
    return _CONTROL.sub(_shown, text.replace("\r\n", "\n").expandtabs(4))


def shorten(text: str, max_lines: int, max_chars: int) -> tuple[str, int]:
    """Cut text to its beginning, and tell how many characters that leaves out."""
    shown = "\n".join(text.splitlines()[:max_lines])[:max_chars].rstrip()
    return shown, len(text.rstrip()) - len(shown)


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
