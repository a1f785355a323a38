"""Hold 40 conversations with the shop and count those that did the right thing: `make eval-shop`."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from apps.storefront.evaluation import (
    CATEGORIES,
    Conversation,
    Limits,
    Outcome,
    OutcomeFile,
    Staff,
    conversations,
    hold,
    plain,
    table,
)
from apps.storefront.shop import Shop
from apps.storefront.team import storefront
from apps.storefront.weather import Weather
from mainspring import Agent, open_model
from mainspring.agent.agent import DEFAULT_MODEL
from mainspring.agent.opening import Models
from mainspring.core.errors import ConfigError


class _Design(Protocol):
    def __call__(self, shop: Shop, weather: Weather, customer: str, *, model: Models | None = None) -> Agent: ...


DESIGNS: Final[dict[str, _Design]] = {"team": storefront, "plain": plain}


async def evaluate(
    chosen: Sequence[Conversation],
    staff: Staff,
    *,
    limits: Limits | None = None,
    file: OutcomeFile | None = None,
    keep: Path | None = None,
) -> list[Outcome]:
    """Hold one conversation after the other, showing and keeping each outcome as it comes.

    Args:
        chosen: What is held.
        staff: Who serves the customers.
        limits: What one conversation may use.
        file: Where outcomes are kept; those that are there are not held again.
        keep: The folder in which each conversation's shop and runs are kept; they are not if not given.
    """
    known = {(one.digest, one.design, one.model): one for one in (file.read() if file else ())}
    outcomes = []
    for conversation in chosen:
        outcome = known.get((conversation.digest, staff.design, staff.model))
        if outcome is None:
            folder = keep / f"{conversation.number:02}" if keep else None
            outcome = await hold(conversation, staff, limits=limits, folder=folder)
            if file:
                file.append(outcome)
        outcomes.append(outcome)
        _show(outcome)
    return outcomes


def _show(outcome: Outcome) -> None:
    mark = "passed" if outcome.is_passed else "FAILED"
    lines = [f"{outcome.number:2} {mark} {outcome.wall_s:6.1f} s  {outcome.category}: {outcome.name}"]
    lines += [f"                    {problem}" for problem in outcome.problems]
    print("\n".join(lines), file=sys.stderr, flush=True)


def main() -> None:
    """Run the evaluation from the command line."""
    arguments = _arguments()
    try:
        outcomes = asyncio.run(_evaluated(arguments))
    except ConfigError as error:
        sys.exit(f"error: {error}")
    if arguments.json:
        n_passed = sum(outcome.is_passed for outcome in outcomes)
        rows = [outcome.model_dump() for outcome in outcomes]
        print(json.dumps({"design": arguments.design, "passed": n_passed, "outcomes": rows}, indent=1))
        return
    print(f"{arguments.design} on {arguments.model}")
    print(table(outcomes))


async def _evaluated(arguments: argparse.Namespace) -> list[Outcome]:
    chosen = [
        one
        for one in conversations()
        if (not arguments.only or one.number in arguments.only)
        and (not arguments.category or one.category in arguments.category)
    ]
    if not chosen:
        raise ConfigError(f"no conversation is chosen; their numbers are 1 to {len(conversations())}")
    file = OutcomeFile(arguments.out, resume=arguments.resume) if arguments.out else None
    design = partial(DESIGNS[arguments.design], model=open_model(arguments.model))
    return await evaluate(
        chosen,
        Staff(arguments.design, arguments.model, design),
        limits=Limits(arguments.calls, arguments.seconds),
        file=file,
        keep=arguments.keep,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the conversations to hold, from 1")
    parser.add_argument("--category", nargs="*", choices=CATEGORIES, help="kinds of conversations to hold")
    parser.add_argument(
        "--design", choices=DESIGNS, default="team", help="the team, or what it is measured against"
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, help="whom the agents ask")
    parser.add_argument(
        "--calls", type=int, default=Limits().model_calls, help="most model calls of a conversation"
    )
    parser.add_argument("--seconds", type=float, default=Limits().wall_s, help="most seconds of a conversation")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep outcomes here as they come, one a line")
    parser.add_argument("--resume", action="store_true", help="go on with what --out has already")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep each conversation's shop and runs here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
