"""`mainspring pool promote`: a tuned model gets a share of a pool's calls, if the gate opens."""

from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from mainspring.cli.asked import AsJson
from mainspring.cli.pools.deciding import decide, leave_unless, share_given
from mainspring.cli.stored.store import By, Store, who
from mainspring.cli.views.screen import results
from mainspring.core.errors import ConfigError
from mainspring.promotion import GateRule, Promotion
from mainspring.promotion.members import with_share
from mainspring.promotion.settings_file import SettingsFile

_RULE: Final = GateRule()


def promote(  # noqa: PLR0913 - each option is an argument of the command
    pool: Annotated[str, typer.Argument(metavar="POOL", help="A pool, or a model that becomes one.")],
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The tuned model, by its name.")],
    *,
    canary: Annotated[str, typer.Option("--canary", metavar="SHARE", help="Share of the calls it gets.")] = "10%",
    suite: Annotated[
        str, typer.Option("--suite", metavar="SUITE", help="Hold both to this task.", show_default=False)
    ] = "",
    general: Annotated[
        str, typer.Option("--general", metavar="SUITE", help="And to other things.", show_default=False)
    ] = "",
    kept: Annotated[
        list[Path] | None,
        typer.Option(
            "--results",
            metavar="FILE",
            help="Results that are there: the tuned model's, then the present one's; then of other things.",
        ),
    ] = None,
    margin: Annotated[
        float, typer.Option("--margin", metavar="M", help="How much worse counts as not worse.")
    ] = _RULE.margin,
    lost: Annotated[
        float, typer.Option("--lost", metavar="SHARE", help="What may be lost of other things.")
    ] = _RULE.lost_share,
    trial: Annotated[
        str, typer.Option("--trial", metavar="SHARE", help="What it may have where too few cases tell; or 0.")
    ] = f"{_RULE.trial_share:.0%}",
    first: Annotated[
        bool, typer.Option("--first", help="Ask it first; the present one stays, to escalate to.")
    ] = False,
    kept_as: Annotated[
        str | None,
        typer.Option("--large", metavar="NAME", help="With --first: what to escalate to.  [POOL-large]"),
    ] = None,
    concurrency: Annotated[int, typer.Option(metavar="N", help="Cases that are asked at once.", min=1)] = 1,
    folder: Annotated[Path, typer.Option("--evals", metavar="FOLDER", help="Where results are kept.")] = Path(
        "evals"
    ),
    asks: Annotated[bool, typer.Option("--ask", help="Wait for a human's yes, in the inbox.")] = False,
    by: By = None,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """Give MODEL a share of POOL's calls, if it is not worse than the present model.

    Both are held to the suite, and to the general one; a gate says whether the new one may take part, or be tried
    with a few calls where the cases do not tell enough. Without suites a human has to say yes. All of it is a run
    in the store: the same command goes on where it was cut off. Exits 1 where the pool is left as it is, and 4
    where it waits for a human.
    """
    with results() as out:
        file = SettingsFile.here()
        try:
            order = Promotion(
                settings=file.path,
                pool=pool,
                model=model,
                share=1.0 if first else share_given(canary),
                kept_as=(kept_as or f"{pool}-large") if first else "",
                suite=_whole(suite),
                general=_whole(general),
                results=tuple(path.absolute() for path in kept or ()),
                folder=folder.absolute(),
                concurrency=concurrency,
                rule=GateRule(margin=margin, lost_share=lost, trial_share=share_given(trial, or_none=True)),
                asks=asks,
                by=who(by),
            )
        except ValidationError as error:
            raise ConfigError(
                "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
            ) from error
        with_share(file.models(), pool, model, order.share)
        decision = decide(order, store, out, as_json=as_json)
    leave_unless(done=decision.state == "done")


def _whole(suite: str) -> str:
    """Give a suite's place as one that holds wherever its run goes on."""
    place, colon, name = suite.rpartition(":")
    if colon and place.endswith(".py"):
        return f"{Path(place).absolute()}:{name}"
    return str(Path(suite).absolute()) if suite else ""
