"""The agents whose runs are cut off: a clerk that does something of every kind, its helper, and simpler ones.

Their models say the same to the same conversation, whichever process asks.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mainspring import NOT_DONE, Agent, ScriptedModel, idempotency_key, tool, use
from mainspring.core import OnDelta, Reply, Request
from mainspring.tools import AnyTool, as_tool, ask_human, wait_for
from tests.e2e.crash.ledger import Ledger
from tests.e2e.crash.points import Points

if TYPE_CHECKING:
    from mainspring.models.scripted import Spoken

MANY = 100


class CountedModel:
    """Says what the step of the conversation wants; the ledger counts how often it was asked.

    Args:
        name: What it is called.
        script: What it says in each step; after the last it answers with all that it was told.
        ledger: Counts.
        points: Told right after it replied.
    """

    def __init__(self, name: str, script: "list[Spoken]", ledger: Ledger, points: Points) -> None:
        def say(request: Request) -> "Spoken":
            return script[request.turn] if request.turn < len(script) else _told(request)

        self.name = name
        self._ledger = ledger
        self._points = points
        self._scripted = ScriptedModel([say] * MANY, name)

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Reply, and count that."""
        self._ledger.write("model", f"{self.name}:{request.turn}")
        reply = await self._scripted.ask(request, on_delta)
        self._points.passed("reply")
        return reply


def tools(ledger: Ledger, points: Points, gate: Path) -> dict[str, AnyTool]:
    """Make tools that do something to the ledger: one for each way in which doubt about it is resolved.

    Args:
        ledger: What they do something to.
        points: Told of everything that was done, right after it.
        gate: Slow tools wait until there is such a file.
    """

    def do(text: str) -> str:
        ledger.write("effect", idempotency_key(), text)
        points.passed("effect")
        return text

    def look_up(text: str) -> object:
        done = ledger.effect(idempotency_key())
        return NOT_DONE if done is None else done

    @tool(effect="write")
    async def note(text: str) -> str:
        """Do something that nobody else can find out about."""
        return do(f"noted {text}")

    @tool(effect="money")
    def pay(text: str) -> str:
        """Do something of that kind in a thread."""
        return do(f"paid {text}")

    @tool(effect="money", approval=True)
    async def refund(text: str) -> str:
        """Do something of that kind which a human has to approve."""
        return do(f"refunded {text}")

    @tool(effect="write", in_doubt=look_up)
    async def book(text: str) -> str:
        """Do something that can be looked up."""
        return do(f"booked {text}")

    @tool(effect="egress", in_doubt="retry")
    async def send(text: str) -> str:
        """Do something that happens once under one idempotency key, however often it is asked for."""
        ledger.write("call", idempotency_key(), text)
        return ledger.effect(idempotency_key()) or do(f"sent {text}")

    async def slow(text: str) -> str:
        """Do something that takes its time."""
        ledger.write("call", idempotency_key(), text)
        while not gate.exists():  # noqa: ASYNC110, ASYNC240 - another process opens it
            await asyncio.sleep(0.005)
        return ledger.effect(idempotency_key()) or do(f"did {text}")

    lasting = tool(effect="write", name="slow")(slow)
    again = tool(effect="write", name="slow_again", in_doubt="retry")(slow)
    given: list[AnyTool | Callable[..., object]] = [note, pay, refund, book, send, lasting, again]
    return {made.name: made for made in map(as_tool, given)}


def staff(ledger: Ledger, points: Points, gate: Path) -> dict[str, Agent]:
    """Make all agents, by name."""
    known = tools(ledger, points, gate)
    scripts: dict[str, list[Spoken]] = {
        "porter": [use("note", text="a"), use("send", text="b")],
        "waiter": [use("slow", text="a"), use("send", text="b")],
        "mixed": [[use("slow_again", text="a"), use("refund", text="b")]],
        "carrier": [use("slow_again", text="a"), [use("send", text="b"), use("book", text="b")]],
    }
    simple = [
        Agent(name, model=CountedModel(name, script, ledger, points), tools=list(known.values()))
        for name, script in scripts.items()
    ]
    return {agent.name: agent for agent in (_clerk(known, ledger, points), *simple)}


def _clerk(known: dict[str, AnyTool], ledger: Ledger, points: Points) -> Agent:
    helping: list[Spoken] = [use("note", text="b"), [use("send", text="c"), use("book", text="c")]]
    helper = Agent(
        "helper",
        model=CountedModel("helper", helping, ledger, points),
        tools=[known["note"], known["send"], known["book"]],
    )
    script: list[Spoken] = [
        use("note", text="a"),
        [use("send", text="a"), use("book", text="a"), use("pay", text="a")],
        [use("refund", text="a"), use("ask_human", question="Which way?"), use("wait", seconds=0)],
        use("helper", task="help"),
        use("note", text="d"),
    ]
    return Agent(
        "clerk",
        model=CountedModel("clerk", script, ledger, points),
        tools=[*known.values(), ask_human(), wait_for(), helper.as_tool(description="Helps.")],
    )


def _told(request: Request) -> str:
    results = [result.text for message in request.messages for result in message.results]
    return "; ".join(results)
