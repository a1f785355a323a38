"""What can be answered to a question that waits for a human, as the commands that do it."""

from collections.abc import Collection, Sequence
from typing import Final

from rich.text import Text

from mainspring.cli.stored.limits import OPTIONS
from mainspring.cli.stored.store import typed
from mainspring.cli.views.screen import Screen
from mainspring.core import BudgetField
from mainspring.runs import Pending

_SHORT: Final[dict[BudgetField, str]] = {
    "usd": "US dollars",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "model_calls": "model calls",
    "tool_calls": "tool calls",
    "wall_s": "seconds of work",
}
"""What a question for more says is short."""


def answers(item: Pending, store: str | None) -> list[tuple[str, str]]:
    """Give the commands that answer a question, and what each of them means."""

    def command(verdict: str, *more: str) -> str:
        return typed(store, "inbox", verdict, item.id, *more)

    deny = command("deny", "--reason", "WHY")
    match item.kind:
        case "approval":
            first = next(iter(item.call.arguments), "name") if item.call is not None else "name"
            return [
                (command("approve"), "it is called"),
                (command("edit", f"{first}=VALUE"), "it is called with other arguments"),
                (deny, "it is not called; the model is told why"),
            ]
        case "question":
            return [(command("answer", "WORDS"), "the answer"), (deny, "there is none; the model is told why")]
        case "in_doubt":
            return [
                (command("answer", "WORDS"), "it was done, and this is its result"),
                (command("approve"), "it was not done: it is done now"),
                (deny, "it is left as it is; the model is told that nobody knows"),
            ]
        case "budget":
            return [(command("approve", *_more(item)), "it may use that in all"), (deny, "the run ends here")]


def _more(item: Pending) -> tuple[str, str]:
    """Give the option for what is short, as far as the question tells."""
    for name, words in _SHORT.items():
        if f" {words} left" in item.question:
            return OPTIONS[name], "USD" if name == "usd" else "N"
    return OPTIONS["usd"], "USD"


def say_how_to_answer(
    notes: Screen, store: str | None, run: str, items: Sequence[Pending], shown: Collection[str]
) -> None:
    """Show the commands that answer what a run waits for.

    Args:
        notes: Where to.
        store: What the person called the store.
        run: The run.
        items: The questions, its own and those of runs that it waits for.
        shown: Keys of its own questions that stand above already.
    """
    notes.line(f"{run} waits for you; answer with", style="dim")
    for item in items:
        if item.run != run or item.key not in shown or len(items) > 1:
            whose = "" if item.run == run else f"{item.run}: "
            notes.say("asks", f"{whose}{item.question}", label_style="bold yellow")
        choices = answers(item, store)
        width = max(len(command) for command, _ in choices)
        for command, meaning in choices:
            notes.line(Text.assemble(f"  {command:<{width}}", (f"  # {meaning}", "dim")))
