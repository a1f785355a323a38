"""Runs of many shapes, for tests of what can be said of any run: each function drives one, and gives its id."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from mainspring import Agent, Context, Escalate, ScriptedModel, ToolError, ask_human, tool, use
from mainspring.core import Answer, OnDelta, Reply, Request, Unusable
from mainspring.core.errors import ModelUnavailable
from mainspring.runs import DurableRun, Runs
from tests.unit.runs.making import agent, plays, the_question


@tool(effect="fetch")
def look(q: str) -> str:
    """Look something up."""
    return f"all about {q}"


@tool(effect="fetch")
def fail(why: str) -> str:
    """Fail."""
    raise ToolError(f"it failed for {why}")


@tool(effect="money", approval=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


class Structured(ScriptedModel):
    """A model whose words are JSON that holds the whole step."""

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Say the next line."""
        reply = await super().ask(request, on_delta)
        return replace(reply, message=replace(reply.message, raw='{"thought": "", "calls": ["raw"]}'))


async def driven(run: DurableRun[Any]) -> str:
    """Drive a run until it ends or waits, and give its id."""
    async for _ in run.stream():
        pass
    return run.id


async def plain(runs: Runs) -> str:
    """Answer at once."""
    return await driven(await runs.start(agent(["done"], instructions="Be brief."), "go"))


async def parallel(runs: Runs) -> str:
    """Make calls side by side whose results come in another order; one fails."""
    has_come = asyncio.Event()

    @tool(effect="fetch")
    async def late(q: str) -> str:
        """Come second."""
        await has_come.wait()
        return q

    @tool(effect="fetch")
    async def early(q: str) -> str:
        """Come first."""
        has_come.set()
        return q

    lines = [[use("late", q="1"), use("early", q="2"), use("fail", why="3")], "done"]
    return await driven(await runs.start(agent(lines, late, early, fail), "go"))


async def denied(runs: Runs) -> str:
    """Have one of two calls refused by a human."""
    run = await runs.start(agent([[use("pay", amount=3), use("look", q="x")], "done"], pay, look), "go")
    await runs.inbox.deny((await the_question(run)).id, by="ada", reason="too much")
    return await driven(run)


async def edited(runs: Runs) -> str:
    """Have a call changed by a human."""
    run = await runs.start(agent([use("pay", amount=3), "done"], pay), "go")
    await runs.inbox.edit((await the_question(run)).id, {"amount": 4}, by="ada")
    return await driven(run)


async def asking(runs: Runs) -> str:
    """Ask a human something."""
    run = await runs.start(agent([use("ask_human", question="Which?"), "done"], ask_human()), "go")
    await runs.inbox.answer((await the_question(run)).id, "the blue one", by="ada")
    return await driven(run)


async def corrected(runs: Runs) -> str:
    """Be corrected for each of the three reasons."""
    lines = [
        Unusable(reason="no JSON", written="hm"),
        Answer(value="x"),
        use("look", q="x"),
        use("look", q="x"),
        "3",
    ]
    return await driven(await runs.start(agent(lines, look), "go", output=int))


async def escalated(runs: Runs) -> str:
    """Go on with a dearer model for each reason there is."""

    def check(answer: int) -> str:
        return "" if answer == 3 else "it is not three"

    scripts: list[list[Any]] = [
        [Unusable(reason="no JSON", written="hm")],
        ["x", "x"],
        [None, None, use("fail", why="fun"), use("fail", why="joy")],
        [None, None, None, None, "2"],
        ["3"] * 6,
    ]
    models = [plays(lines, name=f"m{place}") for place, lines in enumerate(scripts)]
    worker = agent((), fail, model=models[0], escalate=Escalate(models[1:], judge=check))
    return await driven(await runs.start(worker, "go", output=int))


async def compacted(runs: Runs) -> str:
    """Make room in a long conversation: once with a summary, once without, as its writer failed."""

    @tool(effect="fetch")
    def page(n: int) -> str:
        """Read a page."""
        return f"page {n}: " + "lorem ipsum dolor sit amet " * 20

    notes = ScriptedModel(["It is all about pages.", ModelUnavailable("nobody there")], name="notes")
    lines = [*(use("page", n=n) for n in range(12)), "done"]
    worker = agent(lines, page, context=Context(1_024, summarizer=notes), name="reader")
    return await driven(await runs.start(worker, "go"))


async def cut_off(runs: Runs) -> str:
    """Wait in the middle of a step."""
    lines = [use("look", q="x"), [use("look", q="y"), use("pay", amount=3)], "done"]
    run = await runs.start(agent(lines, look, pay), "go")
    await the_question(run)
    return run.id


async def failed(runs: Runs) -> str:
    """End because the model does not reply."""
    worker = Agent("short", model=ScriptedModel([use("look", q="x")]), tools=[look])
    return await driven(await runs.start(worker, "go"))


async def stuck(runs: Runs) -> str:
    """End because the same is done again and again."""
    return await driven(await runs.start(agent([use("look", q="x")] * 4, look), "go"))


async def with_child(runs: Runs) -> str:
    """Have another agent do it."""
    child = agent([use("look", q="x"), "found"], look, name="child")
    parent = agent([use("child", task="find x"), "done"], child.as_tool(description="Finds."), name="parent")
    return await driven(await runs.start(parent, "go"))


async def structured(runs: Runs) -> str:
    """Write each step as JSON."""
    worker = Agent("json", model=Structured([use("look", q="x"), "done"]), tools=[look])
    return await driven(await runs.start(worker, "go"))


async def gone_on_with(runs: Runs) -> str:
    """Go on with an earlier conversation."""
    worker = agent([use("look", q="x"), "done"], look)
    first = await (await runs.start(worker, "go")).result()
    return await driven(await runs.start(worker, "again", messages=first.messages))


Shape = Callable[[Runs], Awaitable[str]]
SHAPES: Final[list[Shape]] = [
    *(plain, parallel, denied, edited, asking, corrected, cut_off, failed, stuck),
    *(with_child, structured, gone_on_with, escalated, compacted),
]
