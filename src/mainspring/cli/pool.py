"""`mainspring pool`: how the members of pools stand, and which models get which share of them."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

import typer
from pydantic_core import to_json

from mainspring.agent import run_in_new_loop
from mainspring.cli.app import FAILED
from mainspring.cli.asked import AsJson
from mainspring.cli.pools.asking import door
from mainspring.cli.pools.canary import canary
from mainspring.cli.pools.decisions import decisions
from mainspring.cli.pools.looking import Look, Looker, Probed
from mainspring.cli.pools.promote import promote
from mainspring.cli.stored.signals import stopping
from mainspring.cli.views.pool import no_gateway, pool_lines
from mainspring.cli.views.redrawn import Redrawn, draw
from mainspring.cli.views.screen import Screen, results
from mainspring.models.config import load_settings
from mainspring.serve import gateway_settings

_EVERY_S: Final = 1.0

pool = typer.Typer(
    help="Show how the members of pools stand; let tuned models take part.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@pool.command(short_help="Show how the members of pools stand.")
def status(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL", help="Only those; all that the gateway serves if none is given."),
    ] = None,
    *,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the gateway is; as in mainspring.toml if not given."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Look again each second, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask a running gateway how the members of its pools stand: who is well, how busy, how fast, at what cost.

    Where no gateway runs, the configured members are asked directly, and nothing is started for that. Exits 1 where
    a pool has nobody to ask. A gateway that wants a key is given that of MAINSPRING_GATEWAY_KEY. With --watch,
    --json writes one document a line.
    """
    with results() as out:
        notes = Screen(stderr=True)
        settings = load_settings()
        looker = Looker(door(url, gateway_settings(settings.gateway)), settings, models or ())
        if watch:
            raise typer.Exit(_watch(looker, out, notes, as_json=as_json))
        look = run_in_new_loop(looker.look())
        _Absence(notes).tell(look)
        if as_json:
            _write(out, look, indent=2)
        else:
            draw(out, partial(pool_lines, look))
    if not all(pool.is_well for pool in look.pools):
        raise typer.Exit(FAILED)


pool.command(short_help="Let a tuned model take part, if the gate opens.")(promote)
pool.command(short_help="Compare a canary with the others; widen or withdraw it.")(canary)
pool.command(short_help="List what was decided about a pool.")(decisions)


def _watch(looker: Looker, out: Screen, notes: Screen, *, as_json: bool) -> int:
    """Show look after look, and give the exit code of whoever ends that."""
    absence = _Absence(notes)
    if as_json:

        def write(look: Look) -> None:
            absence.tell(look)
            _write(out, look)

        return run_in_new_loop(_looking(looker, write))

    with Redrawn(out) as redrawn:

        def show(look: Look) -> None:
            if not redrawn.is_in_place:
                absence.tell(look)
            above = no_gateway(look) if redrawn.is_in_place and isinstance(look, Probed) else ""
            redrawn.draw(partial(pool_lines, look, above=above))

        return run_in_new_loop(_looking(looker, show))


async def _looking(looker: Looker, show: Callable[[Look], None]) -> int:
    """Look each second until a signal comes."""
    with stopping(lambda: None) as stop:
        try:
            while True:
                began_s = time.monotonic()
                show(await looker.look())
                await asyncio.sleep(max(0.0, _EVERY_S - (time.monotonic() - began_s)))
        except asyncio.CancelledError:
            if stop.by is None:
                raise
    return stop.exit_code


class _Absence:
    """Says on stderr that there is no gateway, once for each time that it goes."""

    def __init__(self, notes: Screen) -> None:
        self._notes = notes
        self._is_told = False

    def tell(self, look: Look) -> None:
        """Say it where it is not said yet."""
        if isinstance(look, Probed) and not self._is_told:
            self._notes.line(no_gateway(look), style="yellow")
        self._is_told = isinstance(look, Probed)


def _write(out: Screen, look: Look, indent: int | None = None) -> None:
    out.console.file.write(to_json(look.document, indent=indent).decode() + "\n")
    out.console.file.flush()
