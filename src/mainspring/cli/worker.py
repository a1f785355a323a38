"""`mainspring worker`: drives the runs of a store, those that others have handed in and those that were cut off."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Final

import typer

from mainspring.agent import Agent, run_in_new_loop
from mainspring.agent.child import called_by
from mainspring.cli.load import load_agent
from mainspring.cli.prepare import make_agent_ready
from mainspring.cli.stored.logs import as_json, as_lines, logged
from mainspring.cli.stored.signals import Stop, stopping
from mainspring.cli.stored.store import Store
from mainspring.cli.views.screen import Screen, results
from mainspring.runs import DEFAULT_STORE, Settings, open_runs

_log = logging.getLogger("mainspring.runs.worker")
_USUAL: Final = Settings()


def worker(
    agents: Annotated[
        list[str],
        typer.Argument(metavar="AGENT", help="Folders, files or modules of the agents whose runs it drives."),
    ],
    *,
    store: Store = None,
    concurrency: Annotated[int, typer.Option(min=1, metavar="N", help="Runs at once.")] = _USUAL.concurrency,
    lease_s: Annotated[
        float,
        typer.Option("--lease", min=1.0, metavar="S", help="Seconds after which others take its runs over."),
    ] = _USUAL.lease_s,
    grace_s: Annotated[
        float,
        typer.Option("--grace", min=0.0, metavar="S", help="Seconds that what is in progress gets in the end."),
    ] = _USUAL.grace_s,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log objects of JSON, a line each.")] = False,
) -> None:
    """Drive the runs of AGENTs in a store until SIGTERM or Ctrl-C; a second one ends at once.

    When it is told to stop, nothing new begins, what is in progress gets its time, and the runs are given back.
    SIGHUP to a worker without a terminal has it stop so and begin anew, with agents, prompts and mainspring.toml as
    they are then.
    """
    with results():
        notes = Screen(stderr=True)
        loaded = [load_agent(spec) for spec in agents]
        for agent in _with_those_they_call(loaded):
            make_agent_ready(agent, notes)
        settings = Settings(concurrency=concurrency, lease_s=lease_s, grace_s=grace_s)
        with logged(as_json(notes) if log_json else as_lines(notes)):
            stop = run_in_new_loop(_work(store or DEFAULT_STORE, loaded, settings))
        if stop.by in _anew():
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the same command


async def _work(url: str, agents: Sequence[Agent], settings: Settings) -> Stop:
    """Drive runs until a signal comes, and give it."""
    with stopping(lambda: _log.info("stopping: what is in progress has %g s", settings.grace_s), *_anew()) as stop:
        try:
            async with open_runs(url, agents=agents, settings=settings) as runs:
                names = ", ".join(sorted(runs.agents))
                _log.info("driving runs of %s in %s, %d at once", names, runs.store.url, settings.concurrency)
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            if stop.by is None:
                raise
            _log.info("stopped, to begin anew" if stop.by in _anew() else "stopped")
    return stop


def _anew() -> tuple[signal.Signals, ...]:
    """Give the signal that has it begin anew; a terminal that is closed sends it, too, and means the end."""
    has_terminal = sys.stdin is not None and sys.stdin.isatty()
    return () if has_terminal or sys.platform == "win32" else (signal.SIGHUP,)


def _with_those_they_call(agents: Sequence[Agent]) -> Iterator[Agent]:
    for agent in agents:
        yield agent
        yield from _with_those_they_call([child.agent for child in called_by(agent)])
