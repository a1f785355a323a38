"""`mainspring pool canary`: how a canary does beside the others, and what follows from it."""

from typing import Annotated, Final

import typer

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.pools.deciding import decide, leave_unless, write
from mainspring.cli.stored.looking import looking
from mainspring.cli.stored.store import By, Store, who
from mainspring.cli.views.promotion import weighing_lines
from mainspring.cli.views.screen import Screen, results
from mainspring.core.errors import ConfigError
from mainspring.promotion import CanaryReview, CanaryRule, last_share, live, weigh
from mainspring.promotion.members import present_share
from mainspring.promotion.settings_file import SettingsFile

_RULE: Final = CanaryRule()


def canary(  # noqa: PLR0913 - each option is an argument of the command
    pool: Annotated[str, typer.Argument(metavar="POOL", help="The pool.")],
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do what follows from it.")] = False,
    margin: Annotated[
        float, typer.Option("--margin", metavar="M", help="Share of runs by which it may fail more often.")
    ] = _RULE.margin,
    asks: Annotated[bool, typer.Option("--ask", help="Wait for a human's yes before it is widened.")] = False,
    by: By = None,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """Compare the canary of POOL with the others, by the runs in the store since it has its share.

    It is widened (10, 25, 50, 100 %) where it cannot fail more often than the margin allows, withdrawn where it is
    worse, and left as it is where neither can be told yet. With --apply that is done, as a run of its own; to
    withdraw it nobody is waited for.
    """
    with results() as out:
        order = run_in_new_loop(_order(pool, store, CanaryRule(margin=margin), asks=asks, by=who(by)))
        weighing = weigh(order.live, order.model, order.share, order.rule)
        if not as_json:
            shown = Screen(stderr=True) if apply else out
            for line in weighing_lines(order.live, weighing):
                shown.line(line)
        if not apply:
            if as_json:
                write(out, {"pool": pool, "since": order.live.since, **weighing.model_dump(mode="json")})
            return
        decision = decide(order, store, out, as_json=as_json)
    leave_unless(done=decision.state == "done" or weighing.action == "hold")


async def _order(pool: str, store: str | None, rule: CanaryRule, *, asks: bool, by: str) -> CanaryReview:
    """Read how the canary of a pool stands.

    Raises:
        ConfigError: There is none.
    """
    file = SettingsFile.here()
    async with looking(store) as runs:
        last = await last_share(runs, pool)
        model = last.order.model
        share = present_share(file.models(), pool, model)
        if not share:
            raise ConfigError(
                f"{model!r} has no share of {pool!r} any more; see `mainspring pool decisions {pool}`"
            )
        seen = await live(runs.store, pool, last.shared_at or 0.0)
    return CanaryReview(
        settings=file.path, pool=pool, model=model, share=share, live=seen, rule=rule, asks=asks, by=by
    )
