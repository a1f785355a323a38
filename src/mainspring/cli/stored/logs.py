"""What the rooms log, shown on stderr: as notes beside a run, or as a worker's lines for people or for machines."""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from pydantic_core import to_json
from rich.text import Text

from mainspring.cli.views.screen import Screen, harmless

_RUNS: Final = "mainspring.runs"
_FIELDS: Final = ("run", "agent", "changed", "request", "path", "model", "status", "seconds", "member", "key")
"""What records say besides their words."""


class _Handler(logging.Handler):
    """Shows records to a reader that may go away: what is said is lost then, and nobody who says it is stopped."""

    def __init__(self, level: int, show: Callable[[logging.LogRecord], None]) -> None:
        super().__init__(level)
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, if anybody looks."""
        with suppress(OSError):
            self._show(record)


def as_notes(notes: Screen) -> logging.Handler:
    """Show warnings beside a run; what its events say as well is left out."""

    def show(record: logging.LogRecord) -> None:
        if not hasattr(record, "changed"):
            notes.say("note", _words(record), label_style="yellow")

    return _Handler(logging.WARNING, show)


def as_lines(notes: Screen, level: int = logging.INFO) -> logging.Handler:
    """Show everything with its time, a line each."""

    def show(record: logging.LogRecord) -> None:
        moment = datetime.fromtimestamp(record.created).astimezone()
        style = "yellow" if record.levelno >= logging.WARNING else ""
        notes.line(Text.assemble((f"{moment:%Y-%m-%d %H:%M:%S}  ", "dim"), (harmless(_words(record)), style)))

    return _Handler(level, show)


def as_json(notes: Screen, level: int = logging.INFO) -> logging.Handler:
    """Write everything as an object of JSON, a line each."""

    def show(record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        document = {"at": at, "level": record.levelname.lower(), "message": _words(record), **fields}
        notes.console.file.write(to_json(document).decode() + "\n")
        notes.console.file.flush()

    return _Handler(level, show)


@contextmanager
def logged(handler: logging.Handler, name: str = _RUNS) -> Iterator[None]:
    """Have what a logger says, that of runs if not given, go to a handler, and nowhere else."""
    logger = logging.getLogger(name)
    level, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(handler.level)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagates


def _words(record: logging.LogRecord) -> str:
    if record.exc_info is None or record.exc_info[1] is None:
        return record.getMessage()
    return f"{record.getMessage()}\n{''.join(traceback.format_exception(record.exc_info[1])).rstrip()}"
