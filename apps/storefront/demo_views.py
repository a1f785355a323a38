"""What a visit to the shop looks like: every step as it comes, then the sale, and the runs that it took."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Final

from apps.storefront.shop import Order, Shop
from apps.storefront.team import role_of
from mainspring.core import Entry, Event, Usage
from mainspring.core.events import ChildCalled, HumanAnswered, ModelReplied, ToolCalled, ToolReturned
from mainspring.runs import Query, Runs
from mainspring.runs.outside import child_id

_SHOWN_CHARS: Final = 400


class Narrator:
    """Shows a run and the runs that it waits for, step by step, on stderr.

    Args:
        runs: Where they are.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._seen: dict[str, int] = {}
        self._asked: set[tuple[str, str]] = set()

    async def follow(self, run: str) -> None:
        """Show what is new until the run has ended or waits for a human."""
        agent = (await self._runs.row(run)).agent
        async with asyncio.TaskGroup() as below:
            for child in await self._runs.find(Query(parent=run)):
                below.create_task(self.follow(child.id))
            async for entry in (await self._runs.get(run)).follow(self._seen.get(run, 0)):
                if not isinstance(entry, Entry):
                    continue
                self._seen[run] = entry.seq + 1
                self._show(role_of(agent), entry)
                if isinstance(entry.event, ChildCalled):
                    below.create_task(self._begun(child_id(run, entry.event.key)))

    def _show(self, agent: str, entry: Entry) -> None:
        """Show an event; a call of a member is shown as what that is asked."""
        event = entry.event
        if isinstance(event, ChildCalled):
            self._asked.add((entry.run, event.key.removeprefix("wait:")))
        if isinstance(event, ToolCalled) and (entry.run, event.key.removeprefix("tool:")) in self._asked:
            return
        for label, text in _lines(event):
            print(f"{agent:<8} {label:<8} {_indented(text)}", file=sys.stderr, flush=True)

    async def _begun(self, run: str) -> None:
        """Follow a run that another one has just called, as soon as it is there."""
        while not await self._runs.find(Query(ids=[run])):  # noqa: ASYNC110 - a store tells nobody of new runs
            await asyncio.sleep(0.05)
        await self.follow(run)


def _lines(event: Event) -> list[tuple[str, str]]:
    match event:
        case ModelReplied(decision=decision) if decision.thought:
            return [("thinks", decision.thought)]
        case ChildCalled(agent=agent, input=task):
            return [("asks", f"{role_of(agent)}: {task}")]
        case ToolCalled(call=call):
            written = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
            return [("calls", f"{call.name}({written})")]
        case ToolReturned(result=result):
            return [("error" if result.is_error else "is told", _short(result.text))]
        case HumanAnswered(verdict=verdict, by=by):
            return [("human", f"{verdict} ({by})")]
    return []


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _indented(text: str) -> str:
    return text.strip().replace("\n", "\n" + " " * 18)


def sale(shop: Shop, order: Order, stock: Mapping[str, int]) -> str:
    """Say an order and what it did to the stock.

    Args:
        shop: Where.
        order: One that was placed.
        stock: How many of each piece there were when the command began.
    """
    rows = [
        f"stock of {line.sku}: {stock[line.sku]} before, {shop.piece(line.sku).stock} after" for line in order.lines
    ]
    return "\n".join([shop.confirmation(order.customer, order.id), *rows, ""])


async def tree(runs: Runs, run: str) -> str:
    """Draw a run and those that it called: model calls, tokens, cost, seconds."""
    rows = await _rows(runs, run)
    names, figures = [row[0] for row in rows], [row[1] for row in rows]
    width = max(map(len, names))
    return "\n".join(f"{name:<{width}}  {words}" for name, words in zip(names, figures, strict=True))


async def _rows(runs: Runs, run: str, head: str = "", below: str = "") -> list[tuple[str, str]]:
    """Give the name and the figures of a run and of those below it.

    Args:
        runs: Where.
        run: Which.
        head: What is drawn before its name.
        below: What is drawn before the branches of those that it called.
    """
    row = await runs.row(run)
    entries = await runs.store.entries(run)
    replies = [entry.event for entry in entries if isinstance(entry.event, ModelReplied)]
    used = sum((reply.usage for reply in replies), Usage())
    thought_s = sum(reply.duration_s for reply in replies)
    words = (
        f"{used.model_calls:>3} model calls, {used.input_tokens:>6,} tokens read ({used.cached_tokens:,} cached), "
        f"{used.output_tokens:>5,} written, {_cost(used)}, {thought_s:.1f} s of thinking"
    )
    if not head:
        words += f", {entries[-1].at - entries[0].at:.0f} s in all"
    rows = [(f"{head}{role_of(row.agent)}", words)]
    children = sorted(await runs.find(Query(parent=run)), key=lambda child: child.created_at)
    for child in children:
        is_last = child is children[-1]
        rows += await _rows(
            runs, child.id, below + ("└─ " if is_last else "├─ "), below + ("   " if is_last else "│  ")
        )
    return rows


def _cost(used: Usage) -> str:
    return "price unknown" if used.cost_usd is None else f"${used.cost_usd:.4f}"
