"""`mainspring data work`: help with the builds of a store, on this machine or another one."""

import asyncio
import logging
from typing import Annotated, Final

import typer

from mainspring.agent import run_in_new_loop
from mainspring.cli.stored.logs import as_json, as_lines, logged
from mainspring.cli.stored.signals import stopping
from mainspring.cli.stored.store import existing
from mainspring.cli.views.build import progress_words
from mainspring.cli.views.screen import Screen, results
from mainspring.data.building import Options, State
from mainspring.data.building import work as work_on

_log = logging.getLogger("mainspring.data.worker")
_ROOM: Final = "mainspring.data"
_EVERY: Final = 100
"""Passages between two lines of the log."""


def work(
    store: Annotated[
        str,
        typer.Option("--store", metavar="STORE", help="Where the builds are kept: a file or a postgresql:// URL."),
    ],
    *,
    concurrency: Annotated[int, typer.Option(min=1, metavar="N", help="Calls of a model at once, at most.")] = 64,
    documents: Annotated[int, typer.Option(min=1, metavar="N", help="Documents at once.")] = 32,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log objects of JSON, a line each.")] = False,
) -> None:
    """Work on the documents of `data build` commands that use the same store, until SIGTERM or Ctrl-C.

    Models are those that the builds name, by this machine's mainspring.toml; budgets are shared.
    """
    with results():
        notes = Screen(stderr=True)
        options = Options(teacher="", most_calls=concurrency, n_documents=documents)
        handler = as_json(notes) if log_json else as_lines(notes)
        with logged(handler), logged(handler, _ROOM):
            run_in_new_loop(_work(existing(store), options))


async def _work(store: str, options: Options) -> None:
    with stopping(lambda: _log.info("stopping: calls under way have 10 s")) as stop:
        try:
            _log.info(
                "working on builds, %d documents and %d calls at once", options.n_documents, options.most_calls
            )
            await work_on(store, options, watch=_Lines().tell)
        except asyncio.CancelledError:
            if stop.by is None:
                raise
            _log.info("stopped")


class _Lines:
    """Logs now and then how far the work has come."""

    def __init__(self) -> None:
        self._n_told = 0

    def tell(self, state: State) -> None:
        """Look at the state."""
        if state.n_asked >= self._n_told + _EVERY:
            self._n_told = state.n_asked
            _log.info("%s", progress_words(state, 0.0))
