"""A decision about a pool, as a command makes it: begun or gone on with, shown as it goes, told at its end."""

from typing import Final

import typer
from pydantic_core import to_json

from mainspring.agent import run_in_new_loop
from mainspring.cli.app import FAILED
from mainspring.cli.stored.driving import Driving, Taken
from mainspring.cli.stored.looking import looking
from mainspring.cli.stored.store import DEFAULT
from mainspring.cli.views.run import RunView
from mainspring.cli.views.screen import Screen
from mainspring.core.errors import ConfigError
from mainspring.promotion import Decision, begin
from mainspring.promotion.decisions import decision_of
from mainspring.promotion.orders import Order
from mainspring.runs import Runs

AGENT: Final = "mainspring.promotion:promoter"
"""What a command calls the agent that decides."""


def decide(order: Order, store: str | None, out: Screen, *, as_json: bool) -> Decision:
    """Have something decided, and leave with the exit code that says how it stands where it is not.

    Args:
        order: What is to be decided.
        store: Where that is kept.
        out: Where the answer goes; one document, if as_json.
        as_json: Whether a program reads it.

    Raises:
        Exit: A human is needed, or the run came to nothing.
    """
    notes, begun = Screen(stderr=True), [""]

    async def take(runs: Runs) -> Taken:
        run = await begin(runs, order)
        begun[0] = run.id
        notes.say("run", run.id, style="dim")
        return Taken(run)

    try:
        with RunView(notes, notes if as_json else out) as view:
            Driving(store or DEFAULT, AGENT, view, notes, streams=False).drive(take)
    finally:
        if as_json and begun[0]:
            write(out, run_in_new_loop(_decided(store, begun[0])))
    return run_in_new_loop(_decided(store, begun[0]))


def leave_unless(*, done: bool) -> None:
    """Leave with an exit code of failure where a pool was left as it is.

    Raises:
        Exit: It was.
    """
    if not done:
        raise typer.Exit(FAILED)


def share_given(text: str, *, or_none: bool = False) -> float:
    """Read a share: `10%`, or `0.1`.

    Args:
        text: As it was written.
        or_none: Whether it may be 0.

    Raises:
        ConfigError: It is none.
    """
    number = text.strip().removesuffix("%").strip()
    try:
        share = float(number) / (100 if "%" in text else 1)
    except ValueError:
        share = -1.0
    if not (0 < share <= 1 or (or_none and share == 0)):
        raise ConfigError(f"{text!r} is no share; write it as 10%, above 0 and up to 100%")
    return share


def write(out: Screen, document: object, *, indent: int = 2) -> None:
    """Write one document of JSON."""
    out.console.file.write(to_json(document, indent=indent).decode() + "\n")
    out.console.file.flush()


async def _decided(store: str | None, run: str) -> Decision:
    async with looking(store) as runs:
        found = decision_of(await runs.row(run), await runs.store.entries(run))
    if found is None:
        raise ConfigError(f"run {run!r} decides nothing about a pool")
    return found
