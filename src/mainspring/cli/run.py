"""`mainspring run`: one run of an agent, shown as it goes; kept in a store where one is named."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Protocol

import typer

from mainspring.agent import Agent, Result, Run, run_in_new_loop
from mainspring.cli.asked import AgentName, Inputs, ModelName, Words, read_pairs, read_words
from mainspring.cli.load import answer_type, load_agent
from mainspring.cli.prepare import make_agent_ready
from mainspring.cli.stored.limits import (
    BudgetCalls,
    BudgetInputTokens,
    BudgetOutputTokens,
    BudgetToolCalls,
    BudgetUsd,
    Spent,
    Wall,
    budget_of,
)
from mainspring.cli.stored.store import StoreName
from mainspring.cli.views.run import JsonLines, RunView
from mainspring.cli.views.screen import Screen, results
from mainspring.core import Delta, Entry, Message
from mainspring.core.errors import ConfigError, MainspringError


class Watcher(Protocol):
    """Somebody who looks at a run as it goes."""

    def show(self, item: Entry | Delta) -> None:
        """Look at what happened just now."""
        ...

    def end(self) -> None:
        """Look back at the whole."""
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
    store: StoreName = None,
    name: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Name the run in the store.", show_default=False)
    ] = None,
    is_new: Annotated[
        bool, typer.Option("--new", help="Begin anew even where a run of these words was cut off.")
    ] = False,
    budget_usd: BudgetUsd = None,
    budget_calls: BudgetCalls = None,
    budget_tool_calls: BudgetToolCalls = None,
    budget_input_tokens: BudgetInputTokens = None,
    budget_output_tokens: BudgetOutputTokens = None,
    wall_s: Wall = None,
    when_spent: Spent = None,
    charge: Annotated[
        list[str] | None,
        typer.Option("--charge", metavar="NAME", help="Draw on this shared budget, too; repeatable."),
    ] = None,
) -> None:
    """Run AGENT on WORDS: the answer on stdout, thoughts, calls and results on stderr.

    With a store the run outlives this process: it can wait for a human, has a budget, and the same command goes on
    with it where it was cut off.
    """
    with results() as out:
        notes = Screen(stderr=True)
        asked, given = read_words(words), read_pairs(inputs, "input")
        budget = budget_of(
            usd=budget_usd,
            model_calls=budget_calls,
            tool_calls=budget_tool_calls,
            input_tokens=budget_input_tokens,
            output_tokens=budget_output_tokens,
            wall_s=wall_s,
            when_spent=when_spent,
        )
        if not store and (budget is not None or name is not None or is_new or charge):
            raise ConfigError("names and budgets of runs are kept in a store; add --store FILE")
        loaded = load_agent(agent, model=model, max_steps=max_steps)
        make_agent_ready(loaded, notes)
        streams = (notes.is_lively if stream is None else stream) and not as_json
        with JsonLines(out) if as_json else RunView(notes, out) as view:
            if store:
                from mainspring.cli.stored.driving import Driving
                from mainspring.cli.stored.starting import Wanted, start

                wanted = Wanted(loaded, asked, given, budget=budget, charge=charge or (), name=name, is_new=is_new)
                Driving(store, agent, view, notes, streams=streams).drive(
                    lambda runs: start(runs, wanted, store, notes)
                )
            else:
                run_in_new_loop(follow(starter(loaded, asked, given, stream=streams), view))


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
            watcher.show(item if isinstance(item, Delta) else run.entry(n_shown))
            n_shown += not isinstance(item, Delta)
        return await run
    except asyncio.CancelledError:
        await _stopped(run)
        for entry in run.entries[n_shown:]:
            watcher.show(entry)
        raise
    finally:
        await _stopped(run)
        watcher.end()


async def _stopped(run: Run[object]) -> None:
    """End a run that still goes on, and wait until it has ended."""
    run.cancel()
    with suppress(MainspringError, asyncio.CancelledError):
        await run
