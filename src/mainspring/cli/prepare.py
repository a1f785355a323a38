"""Have an agent's embedded model ready before the agent runs, and show how that goes.

The file is fetched and the process started here rather than inside the run, so that a person sees the download
move and Ctrl-C ends it at once; a model elsewhere needs nothing of this.
"""

import asyncio
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from mainspring.cli.views.screen import ACCENT, Screen
from mainspring.core import Model
from mainspring.core.errors import MainspringError
from mainspring.models import ChatModel
from mainspring.models.config import load_settings
from mainspring.models.files.catalog import CatalogEntry
from mainspring.models.files.fetch import Progress as Fetched
from mainspring.models.files.fetch import cached, fetch
from mainspring.models.local.embedded import EmbeddedServer

_LOCAL: Final = "local:"
_LOOK_S: Final = 0.1
_UNITS: Final = ("kB", "MB", "GB", "TB")


def make_ready(model: Model, notes: Screen) -> None:
    """Fetch and start the model where it is one of this machine.

    Raises:
        DownloadError: No source could give its file.
        ConfigError: It cannot be served here.
        ModelUnavailable: It does not start.
    """
    if not isinstance(model, ChatModel) or not isinstance(model.server, EmbeddedServer):
        return
    entry = embedded_entry(model.name)
    if entry is not None and cached(entry) is None:
        with download_shown(notes, entry.name) as told:
            fetch(entry, progress=told)
    with waiting(notes, f"starting the embedded model {model.model}"):
        _start(model.server)


def embedded_entry(name: str) -> CatalogEntry | None:
    """Find what the catalog says of a model, by its full name or its name in `mainspring.toml`."""
    settings = load_settings()
    named = settings.models.get(name)
    if named is not None and named.provider != "local":
        return None
    return settings.embedded().get(named.model if named else name.removeprefix(_LOCAL))


@contextmanager
def waiting(notes: Screen, words: str) -> Iterator[None]:
    """Say what is being waited for: moving and then gone on a terminal, one line elsewhere."""
    if not notes.is_lively:
        notes.line(words, style="dim")
        yield
        return
    with notes.console.status(f"[dim]{words}[/dim]", spinner="dots", spinner_style=ACCENT):
        yield


@contextmanager
def download_shown(notes: Screen, name: str) -> Iterator[Callable[[Fetched], None]]:
    """Show how a download goes: a bar on a terminal, a line every tenth of the way elsewhere."""
    if not notes.is_lively:
        yield _Tenths(notes, name)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None, complete_style=ACCENT, finished_style=ACCENT),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes.console) as bar:
        task = bar.add_task(name, total=None)

        def told(state: Fetched) -> None:
            bar.update(task, total=state.total_bytes, completed=state.done_bytes)

        yield told


class _Tenths:
    """Writes a line whenever another tenth of the bytes has come."""

    def __init__(self, notes: Screen, name: str) -> None:
        self._notes = notes
        self._name = name
        self._tenth = -1

    def __call__(self, state: Fetched) -> None:
        tenth = state.done_bytes * 10 // max(1, state.total_bytes)
        if tenth > self._tenth:
            self._tenth = tenth
            whole = size_text(state.total_bytes)
            self._notes.line(
                f"{self._name}: {size_text(state.done_bytes)} of {whole} ({tenth * 10} %) from {state.source}"
            )


def size_text(size_bytes: float) -> str:
    """Write a size in units of a thousand."""
    if size_bytes < 1000:
        return f"{size_bytes:.0f} B"
    power = min(len(_UNITS), int(math.log10(size_bytes) // 3))
    return f"{size_bytes / 1000**power:.1f} {_UNITS[power - 1]}"


def _start(server: EmbeddedServer) -> None:
    """Wait for the server in a thread that keeps nobody from leaving."""
    problems: list[Exception] = []

    def work() -> None:
        try:
            asyncio.run(_ready(server))
        except MainspringError as error:
            problems.append(error)

    thread = threading.Thread(target=work, daemon=True, name="mainspring-start")
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_S)
    if problems:
        raise problems[0]


async def _ready(server: EmbeddedServer) -> None:
    await server.ready()
