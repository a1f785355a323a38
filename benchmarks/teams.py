"""Measures what teams, plans, long conversations and a shop under load cost.

Each part compares two sides in one run: a delegation with a plain tool call, a plan of five steps with a plan of
one, a conversation with and without compaction. README.md says what the figures mean.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console

from benchmarks.environments import machine, own_environment
from benchmarks.private_postgres import VARIABLE, postgres
from benchmarks.teams_conversation import embedded_tokenizer, measure_conversation
from benchmarks.teams_delegation import measure_delegation
from benchmarks.teams_orders import measure_orders
from benchmarks.teams_plan import measure_plan
from benchmarks.teams_report import as_document, as_tables
from mainspring.core.errors import MainspringError

Part = Callable[[argparse.Namespace], Any]


def main() -> int:
    """Measure what the command line asks for, print it, and fail where a part did or something was oversold."""
    arguments = read_arguments()
    taken, failed = measured({name: part for name, part in PARTS.items() if name in arguments.parts}, arguments)
    document = as_document(taken)
    if arguments.json:
        circumstances = {"machine": machine(), "versions": {"own": own_environment().versions}}
        print(json.dumps({**document, "failed": failed, **circumstances}, indent=2))
    else:
        console = Console(width=110)
        for table in as_tables(document):
            console.print(table)
        for name, why in failed.items():
            console.print(f"{name} failed: {why}", highlight=False)
    orders = document.get("orders", {})
    return 1 if failed or orders.get("oversold") or orders.get("money_missing") else 0


def read_arguments() -> argparse.Namespace:
    """Read the command line; without a part, all are measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    for name, what in {
        "delegation": "agents that are called as tools",
        "plan": "plans whose steps are taken side by side",
        "conversation": "a conversation of 40 turns, with and without compaction (needs the embedded smollm2-135m)",
        "orders": "50 buyers at once in the storefront's shop",
    }.items():
        parser.add_argument(f"--{name}", dest="parts", action="append_const", const=name, help=what)
    parser.add_argument(
        "--postgres",
        default="",
        metavar="URL",
        help=f"for orders: a server whose user may make databases, or `private` (default: what {VARIABLE} names)",
    )
    arguments = parser.parse_args()
    arguments.parts = arguments.parts or list(PARTS)
    return arguments


def measured(parts: Mapping[str, Part], arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, str]]:
    """Measure parts one after the other; give their figures, and why the others have none."""
    taken: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name, part in parts.items():
        print(name, file=sys.stderr)
        try:
            taken[name] = part(arguments)
        except MainspringError as error:
            failed[name] = f"{type(error).__name__}: {error}"
    return taken, failed


def conversation(_: argparse.Namespace) -> dict[str, float]:
    """Measure the conversation with the embedded model's tokenizer."""

    async def counted() -> dict[str, float]:
        async with embedded_tokenizer() as tokenizer:
            return await measure_conversation(tokenizer)

    return asyncio.run(counted())


def orders(arguments: argparse.Namespace) -> dict[str, float]:
    """Measure the shop on SQLite, and on PostgreSQL where there is a server."""
    with postgres(arguments.postgres) as url:
        return measure_orders(url)


PARTS: Final[Mapping[str, Part]] = {
    "delegation": lambda _: asyncio.run(measure_delegation()),
    "plan": lambda _: asyncio.run(measure_plan()),
    "conversation": conversation,
    "orders": orders,
}
"""What is measured, by the name of its option."""


if __name__ == "__main__":
    sys.exit(main())
