"""`mainspring data show`: look at a dataset in the browser, each example beside its source."""

import asyncio
import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import to_json

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.stored.signals import stopping
from mainspring.cli.views.screen import Screen, results
from mainspring.core.threads import in_daemon_thread
from mainspring.data.review import Review, serving


def show(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the dataset.")],
    *,
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="0 for a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """Serve a page, on this machine alone, to keep, drop and edit examples with the keyboard.

    Decisions are kept as they are made. Ctrl-C ends it, and writes the dataset by what was decided.
    """
    with results() as out:
        notes = Screen(stderr=True)
        notes.line(f"reading {str(folder)!r}", style="dim")
        with Review(folder) as review:
            run_in_new_loop(_serve(review, port, out, notes, browser=browser, as_json=as_json))
            if review.is_stale:
                n_rows = review.write().n_rows
                notes.line(
                    f"written by what was decided: {', '.join(f'{n} in {split}' for split, n in n_rows.items())}"
                )


async def _serve(review: Review, port: int, out: Screen, notes: Screen, *, browser: bool, as_json: bool) -> None:
    with stopping(lambda: None) as stop:
        try:
            async with serving(review, port) as address:
                shown = to_json({"url": address.url}).decode() if as_json else address.url
                out.console.file.write(f"{shown}\n")
                out.console.file.flush()
                notes.line("whoever has this address can decide; Ctrl-C ends", style="dim")
                if browser and _has_screen():
                    await in_daemon_thread(lambda: webbrowser.open(address.opening))
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            if stop.by is None:
                raise


def _has_screen() -> bool:
    """Tell whether a browser would have a window; without one some of them take over the terminal."""
    return sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
