"""`mainspring pool decisions`: what was decided about a pool, when, by whom, and by which figures."""

from typing import Annotated

import typer

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.pools.deciding import write
from mainspring.cli.stored.looking import looking
from mainspring.cli.stored.store import Store
from mainspring.cli.views.promotion import decision_lines
from mainspring.cli.views.screen import Screen, results
from mainspring.promotion import Decision
from mainspring.promotion import decisions as decisions_of


def decisions(
    pool: Annotated[str, typer.Argument(metavar="POOL", help="The pool.")],
    *,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """List all decisions about POOL, the newest first; `mainspring runs show` has each of them in whole."""
    with results() as out:
        found = run_in_new_loop(_found(pool, store))
        if as_json:
            write(out, [one.model_dump(mode="json") | {"by": one.by, "share": one.share} for one in found])
            return
        if not found:
            Screen(stderr=True).line(f"nothing was decided about {pool}", style="dim")
        for place, one in enumerate(found):
            if place:
                out.line()
            for line in decision_lines(one):
                out.line(line)


async def _found(pool: str, store: str | None) -> list[Decision]:
    async with looking(store) as runs:
        return await decisions_of(runs, pool)
