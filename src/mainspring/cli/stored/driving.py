"""A durable run driven by the command that shows it, until it ends, waits for a human, or the command is stopped.

The command drives its own run and those that it starts, and no other of the store. Stopping it leaves the run as it
is: whoever goes on with it finds what was done, and nothing of it is done again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import typer

from mainspring.agent import run_in_new_loop
from mainspring.cli.stored.ending import Ending
from mainspring.cli.stored.logs import as_notes, logged
from mainspring.cli.stored.signals import stopping
from mainspring.cli.stored.store import typed
from mainspring.cli.views.screen import Screen
from mainspring.core import Delta, Entry
from mainspring.core.events import HumanAsked
from mainspring.runs import DurableRun, Runs, Settings, open_runs

GRACE_S: Final = 3.0
"""Seconds that effects in progress get when the command is stopped."""


class View(Protocol):
    """Shows a run."""

    @property
    def is_lively(self) -> bool:
        """Whether replies can be shown as they are written."""
        ...

    def begin(self, entries: Iterable[Entry]) -> None:
        """Take in what happened before."""
        ...

    def show(self, item: Entry | Delta) -> None:
        """Show what happened."""
        ...

    def end(self) -> None:
        """Show what all of it came to."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that the command has taken up."""

    run: DurableRun[Any]
    n_known: int = 0
    """How many of its events are from before."""


class Driving:
    """Drives a run and shows it.

    Args:
        store: Where it is.
        agent: What the person called its agent.
        view: Shows it.
        notes: Where everything else is said.
        streams: Whether replies are shown as they are written.
    """

    def __init__(self, store: str, agent: str, view: View, notes: Screen, *, streams: bool) -> None:
        self._store = store
        self._agent = agent
        self._view = view
        self._notes = notes
        self._streams = streams
        self._run = ""

    def drive(self, begin: Callable[[Runs], Awaitable[Taken]]) -> None:
        """Have a run begun or taken up, and drive it; leave with the exit code that says how it stands.

        Raises:
            Exit: It has no answer.
        """
        if code := run_in_new_loop(self._drive(begin)):
            raise typer.Exit(code)

    async def _drive(self, begin: Callable[[Runs], Awaitable[Taken]]) -> int:
        settings = Settings(adopt=False, grace_s=GRACE_S)
        with logged(as_notes(self._notes)), stopping(self._say_stopping) as stop:
            try:
                async with open_runs(self._store, settings=settings) as runs:
                    taken = await begin(runs)
                    self._run = taken.run.id
                    shown = await show(runs, taken, self._view, streams=self._streams)
                    return await Ending(runs, self._store, self._notes).tell(taken.run, self._agent, shown)
            except asyncio.CancelledError:
                if stop.by is None:
                    raise
                self._say_kept()
                return stop.exit_code

    def _say_stopping(self) -> None:
        self._notes.line(f"stopping: what is in progress has {GRACE_S:g} s; Ctrl-C again ends at once", "dim")

    def _say_kept(self) -> None:
        if self._run:
            command = typed(self._store, "runs", "resume", self._run, "--agent", self._agent)
            self._notes.line(f"{self._run} is kept; it goes on with the same command, or with\n  {command}")


async def show(runs: Runs, taken: Taken, view: View, *, streams: bool) -> set[str]:
    """Show a run until it ends or waits for a human, and give the keys of the questions that were shown."""
    shown: set[str] = set()
    view.begin((await runs.store.entries(taken.run.id))[: taken.n_known])
    try:
        async for item in taken.run.follow(taken.n_known, deltas=streams):
            view.show(item)
            if isinstance(item, Entry) and isinstance(item.event, HumanAsked):
                shown.add(item.event.key)
    finally:
        view.end()
    return shown
