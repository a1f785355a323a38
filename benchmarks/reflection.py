"""Measures what lessons are worth to a small model: one attempt, several attempts, and several with lessons.

The embedded model works in an office whose house rules show only where they are broken. README.md says what the
figures mean.
"""

import argparse
import asyncio
import json
import sys
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.environments import machine, own_environment
from benchmarks.reflection_measure import CLERK, Figures, learning, repeated
from benchmarks.reflection_office import tasks
from mainspring.agent.agent import DEFAULT_MODEL
from mainspring.core import Model
from mainspring.memory import Filter, Scope, open_memory
from mainspring.models import open_model

ONCE: Final = "once"
REPEATED: Final = "repeated"
FIRST: Final = "reflective_first"
SECOND: Final = "reflective_second"


def main() -> int:
    """Measure, and print a table or a document."""
    arguments = read_arguments()
    model = open_model(arguments.model)
    taken, lessons = asyncio.run(measured(model, arguments.attempts, arguments.tasks))
    if arguments.json:
        circumstances = {"machine": machine(), "versions": own_environment().versions}
        print(json.dumps({**as_document(taken, lessons), "model": arguments.model, **circumstances}, indent=2))
    else:
        console = Console(width=100)
        console.print(as_table(taken))
        for lesson in lessons:
            console.print(f"- {lesson}", highlight=False, markup=False)
    return 0


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"who works and reflects (default {DEFAULT_MODEL})")
    parser.add_argument("--attempts", type=int, default=2, help="attempts at a task at most (default 2)")
    parser.add_argument(
        "--tasks", type=int, default=2, help="tasks of each of three families a pass, 1 to 4 (default 2)"
    )
    return parser.parse_args()


async def measured(model: Model, attempts: int, n_each: int) -> tuple[dict[str, Figures], list[str]]:
    """Take all designs through the office, one after the other, and say on the way how far that is.

    Returns:
        Their figures by name, and the lessons that are kept in the end.
    """
    first, second = tasks(0, n_each), tasks(1, n_each)
    async with open_memory(":memory:") as memory:
        once, often = await repeated(model, first, attempts)
        print(REPEATED, often.document, file=sys.stderr)
        learnt = await learning(model, first, attempts, memory)
        print(FIRST, learnt.document, file=sys.stderr)
        carried = await learning(model, second, attempts, memory)
        notes = await memory.find(Filter(scopes=[Scope(agent=CLERK)]))
    taken = {ONCE: once, REPEATED: often, FIRST: learnt, SECOND: carried}
    return taken, [note.text for note in reversed(notes)]


def as_document(taken: dict[str, Figures], lessons: list[str]) -> dict[str, Any]:
    """Build the JSON document."""
    return {**{name: figures.document for name, figures in taken.items()}, "lessons": lessons}


def as_table(taken: dict[str, Figures]) -> Table:
    """Build the table that people read."""
    table = Table(title="Tasks with house rules that nobody is told")
    table.add_column("design")
    for title in ("passed", "orders", "payments", "bookings", "attempts", "model calls", "tokens in", "out", "s"):
        table.add_column(title, justify="right")
    for name, figures in taken.items():
        of = figures.document
        cells = [f"{of['passed']}/{of['tasks']}", *of["passed_by_family"].values(), of["attempts"]]
        cells += [of["model_calls"], of["input_tokens"], of["output_tokens"], of["seconds"]]
        table.add_row(name, *map(str, cells))
    return table


if __name__ == "__main__":
    sys.exit(main())
