"""`mainspring inbox`: what runs of a store ask a human, and the answers."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

import typer
from pydantic import JsonValue
from pydantic_core import from_json, to_json
from rich.text import Text

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson, checked, read_arguments, read_words
from mainspring.cli.runs import say_goes_on
from mainspring.cli.stored.limits import Calls, InputTokens, OutputTokens, ToolCalls, Usd, Wall, budget_of
from mainspring.cli.stored.looking import looking, one_run, root_of
from mainspring.cli.stored.store import By, Store, who
from mainspring.cli.views.run import call_text
from mainspring.cli.views.screen import Screen, results
from mainspring.cli.views.times import age_text, clock_text
from mainspring.core import JsonObject
from mainspring.core.errors import ConfigError
from mainspring.runs import Pending, RunRow, Runs

inbox = typer.Typer(
    help="Answer what runs in a store ask a human.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Question = Annotated[str, typer.Argument(metavar="ID", help="The question's id, or the beginning of it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="WHY", help="Kept with the answer.", show_default=False)]
_KINDS: Final = {"approval": "approve", "question": "answer", "in_doubt": "in doubt", "budget": "budget"}
"""What is wanted, in a word."""


@inbox.command("list", short_help="List what waits for a human.")
def list_questions(
    *,
    run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", help="Only of this run and those that it started.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
    store: Store = None,
) -> None:
    """List open questions, the oldest first."""
    with results() as out:
        items = run_in_new_loop(_pending(store, run))
        if as_json:
            out.console.file.write(to_json([_document(item) for item in items], indent=2).decode() + "\n")
        elif not items:
            Screen(stderr=True).line("nothing waits for a human", style="dim")
        for place, item in enumerate([] if as_json else items):
            if place:
                out.line()
            _draw(out, item)


@inbox.command(short_help="Let it be done.")
def approve(  # noqa: PLR0913 - each option is an argument of the command
    question: Question,
    *,
    reason: Reason = "",
    usd: Usd = None,
    calls: Calls = None,
    tool_calls: ToolCalls = None,
    input_tokens: InputTokens = None,
    output_tokens: OutputTokens = None,
    wall_s: Wall = None,
    by: By = None,
    store: Store = None,
) -> None:
    """Let it be done; where a budget asks for more, the limits are what it allows in all from now on."""
    budget = budget_of(
        usd=usd,
        model_calls=calls,
        tool_calls=tool_calls,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        wall_s=wall_s,
    )
    _answer(
        store,
        "approved",
        lambda known: known.inbox.approve(question, by=who(by), reason=checked(reason), budget=budget),
    )


@inbox.command(short_help="Refuse it.")
def deny(
    question: Question,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="WHY", help="What the model is told.")],
    by: By = None,
    store: Store = None,
) -> None:
    """Refuse it; the model is told why."""
    _answer(store, "denied", lambda known: known.inbox.deny(question, by=who(by), reason=checked(reason)))


@inbox.command(short_help="Let a call be made with other arguments.")
def edit(
    question: Question,
    arguments: Annotated[
        list[str],
        typer.Argument(metavar="ARGUMENTS", help="name=value for those that change, or one JSON object for all."),
    ],
    *,
    reason: Reason = "",
    by: By = None,
    store: Store = None,
) -> None:
    """Let a call be made with other arguments than the model wrote."""

    async def edited(known: Runs) -> Pending:
        asked = await _matching(known, question)
        changed = _edited(asked, arguments)
        item = await known.inbox.edit(question, changed, by=who(by), reason=checked(reason))
        return item if item.call is None else replace(item, call=replace(item.call, arguments=changed))

    _answer(store, "edited", edited)


@inbox.command(short_help="Say what is asked for.")
def answer(
    question: Question,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORDS", help="The answer; '-' or nothing reads stdin.", show_default=False),
    ] = None,
    *,
    is_json: Annotated[bool, typer.Option("--json-value", help="The answer is JSON rather than text.")] = False,
    by: By = None,
    store: Store = None,
) -> None:
    """Answer a question, or say what a call in doubt has given."""
    text = read_words(words)
    value = _json(text) if is_json else text
    _answer(store, "answered", lambda known: known.inbox.answer(question, value, by=who(by)))


def _answer(store: str | None, done: str, give: Callable[[Runs], Awaitable[Pending]]) -> None:
    """Give an answer, and say what happens next."""
    with results():
        item, root = run_in_new_loop(_given(store, give))
        notes = Screen(stderr=True)
        notes.say(done, _what(item), label_style="green")
        say_goes_on(notes, root, store)


async def _given(store: str | None, give: Callable[[Runs], Awaitable[Pending]]) -> tuple[Pending, RunRow]:
    async with looking(store) as known:
        item = await give(known)
        return item, await root_of(known, await known.row(item.run))


async def _pending(store: str | None, run: str | None) -> Sequence[Pending]:
    async with looking(store) as known:
        if run is None:
            return await known.inbox.pending()
        return await (await known.get((await one_run(known, run, store)).id)).pending()


async def _matching(known: Runs, question: str) -> Pending | None:
    """Find the question; None where the inbox has to say why there is no one such."""
    found = [item for item in await known.inbox.pending() if item.id.startswith(question)]
    return found[0] if len(found) == 1 else None


def _edited(asked: Pending | None, given: Sequence[str]) -> JsonObject:
    """Give the arguments to call with: the model's, with those that are given; what was text stays text."""
    before: JsonObject = asked.call.arguments if asked is not None and asked.call is not None else {}
    texts: dict[str, JsonValue] = {
        name: {"type": "string"} for name, value in before.items() if isinstance(value, str)
    }
    new = read_arguments(given, {"properties": texts})
    return new if given[0].lstrip().startswith("{") else {**before, **new}


def _json(text: str) -> JsonValue:
    try:
        value: JsonValue = from_json(text)
    except ValueError as error:
        raise ConfigError(f"the answer is not JSON: {error}") from error
    return value


def _draw(out: Screen, item: Pending) -> None:
    facts = [item.run, item.agent, f"{age_text(time.time() - item.asked_at)} ago"]
    if item.deadline_at is not None:
        facts.append(f"until {clock_text(item.deadline_at)}")
    out.line(
        Text.assemble(
            (item.id, "bold"), "  ", (f"{_KINDS[item.kind]:<8}", "yellow"), "  ", (" · ".join(facts), "dim")
        )
    )
    out.say("", _what(item), indent=2)


def _what(item: Pending) -> Text:
    if item.kind == "approval" and item.call is not None:
        return call_text(item.call)
    return Text(item.question)


def _document(item: Pending) -> dict[str, Any]:
    return {
        "id": item.id,
        "run": item.run,
        "agent": item.agent,
        "kind": item.kind,
        "question": item.question,
        "call": None if item.call is None else {"name": item.call.name, "arguments": item.call.arguments},
        "budget": item.budget,
        "asked_at": item.asked_at,
        "deadline_at": item.deadline_at,
        "answers": list(item.verdicts),
    }
