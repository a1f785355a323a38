"""`mainspring run`: one run of an agent, shown as it goes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Protocol

import typer

from mainspring.agent import Agent, Result, Run, run_in_new_loop
from mainspring.cli.asked import AgentName, Inputs, ModelName, Words, read_pairs, read_words
from mainspring.cli.load import answer_type, load_agent
from mainspring.cli.prepare import make_ready
from mainspring.cli.screen import Screen, results
from mainspring.cli.view import JsonLines, RunView
from mainspring.core import Delta, Event, Message
from mainspring.core.errors import MainspringError


class Watcher(Protocol):
    """Somebody who looks at a run as it goes."""

    def show(self, item: Event | Delta, run: Run[object]) -> None:
        """Look at what happened just now."""
        ...

    def end(self, run: Run[object]) -> None:
        """Look at the whole."""
        ...


def run(  # noqa: PLR0913 - each option is an argument of the command
    agent: AgentName,
    words: Words = None,
    *,
    model: ModelName = None,
    inputs: Inputs = None,
    max_steps: Annotated[
        int | None, typer.Option(min=1, help="Steps after which it ends without an answer.", show_default=False)
    ] = None,
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream", help="Show replies as they are written; so on a terminal.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every event as a line of JSON on stdout.")] = False,
) -> None:
    """Run AGENT on WORDS: the answer on stdout, thoughts, calls and results on stderr."""
    with results() as out:
        notes = Screen(stderr=True)
        asked, given = read_words(words), read_pairs(inputs, "input")
        loaded = load_agent(agent, model=model, max_steps=max_steps)
        make_ready(loaded.model, notes)
        streams = notes.is_lively if stream is None else stream
        with JsonLines(out) if as_json else RunView(notes, out) as view:
            start = starter(loaded, asked, given, stream=streams and not as_json)
            run_in_new_loop(follow(start, view))


def starter(
    agent: Agent, asked: str, inputs: dict[str, str], messages: tuple[Message, ...] = (), *, stream: bool
) -> Callable[[], Run[object]]:
    """Give what starts a run, once an event loop runs."""
    kind = answer_type(agent)
    return lambda: agent.start(asked, output=kind, messages=messages, inputs=inputs or None, stream=stream)


async def follow(start: Callable[[], Run[object]], watcher: Watcher) -> Result[object]:
    """Start a run and look at it until it ends; whoever stops looking ends it.

    Raises:
        MainspringError: What ended the run without an answer.
    """
    run = start()
    n_shown = 0
    try:
        async for item in run:
            watcher.show(item, run)
            n_shown += not isinstance(item, Delta)
        return await run
    except asyncio.CancelledError:
        await _stopped(run)
        for event in run.events[n_shown:]:
            watcher.show(event, run)
        raise
    finally:
        await _stopped(run)
        watcher.end(run)


async def _stopped(run: Run[object]) -> None:
    """End a run that still goes on, and wait until it has ended."""
    run.cancel()
    with suppress(MainspringError, asyncio.CancelledError):
        await run
