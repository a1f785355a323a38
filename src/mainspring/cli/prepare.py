"""Have an agent's embedded model ready before the agent runs, and show how that goes.

The file is fetched and the process started here rather than inside the run, so that a person sees the download
move and Ctrl-C ends it at once; a model elsewhere needs nothing of this.
"""

import asyncio
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from mainspring.agent import Agent
from mainspring.cli.views.screen import ACCENT, Screen
from mainspring.core import Model
from mainspring.core.errors import MainspringError
from mainspring.models import ChatModel
from mainspring.models.config import load_settings
from mainspring.models.files.fetch import Progress as Fetched
from mainspring.models.files.fetch import cached, fetch
from mainspring.models.local.embedded import EmbeddedServer
from mainspring.models.pool.model import PooledModel

_LOOK_S: Final = 0.1
_UNITS: Final = ("kB", "MB", "GB", "TB")


def make_ready(model: Model, notes: Screen) -> None:
    """Fetch and start the model, or each member of a pool, where it is one of this machine.

    Raises:
        DownloadError: No source could give its file.
        ConfigError: It cannot be served here.
        ModelUnavailable: It does not start.
    """
    _fetched(model, notes)
    for one in endpoints(model):
        if isinstance(one.server, EmbeddedServer):
            with waiting(notes, f"starting the embedded model {one.model}"):
                _start(one.server)


def endpoints(model: Model) -> Sequence[ChatModel]:
    """Give the models at servers that a model is made of: itself, or the members of its pool."""
    if isinstance(model, PooledModel):
        return model.models
    return [model] if isinstance(model, ChatModel) else []


def make_agent_ready(agent: Agent, notes: Screen) -> None:
    """Open all models of an agent, start the one it begins with, and fetch the files of those it may go on with.

    Raises:
        DownloadError: No source could give a file.
        ConfigError: A model leads nowhere, or cannot be served here.
        ModelUnavailable: The first one does not start.
    """
    first, *others = agent.models
    make_ready(first, notes)
    for model in (*others, *agent.dearer):
        _fetched(model, notes)


def _fetched(model: Model, notes: Screen) -> None:
    """Fetch the files of embedded models that are not here."""
    catalog = load_settings().embedded()
    for one in endpoints(model):
        entry = catalog.get(one.model) if isinstance(one.server, EmbeddedServer) else None
        if entry is not None and cached(entry) is None:
            with download_shown(notes, entry.name) as told:
                fetch(entry, progress=told)


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
