"""Holding a conversation: the customer's turns, the human at the inbox, and a limit of calls and of time.

The runs are kept in a store, as a shop would keep them, because what needs a yes waits there. Whatever goes wrong
is the outcome of this conversation, and no reason to hold no other.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from apps.storefront.evaluation.checks import check_database
from apps.storefront.evaluation.conversation import CUSTOMER, Conversation
from apps.storefront.evaluation.findings import Asked, Findings, find, new_orders, was_placed
from apps.storefront.evaluation.outcome import Outcome
from apps.storefront.evaluation.trace import Trace, trace
from apps.storefront.evaluation.words import check_answers
from apps.storefront.evaluation.world import World, open_world
from apps.storefront.shop import Shop
from apps.storefront.weather import Weather
from mainspring import Agent, Budget, DurableRun, MainspringError, Message, Runs, open_runs
from mainspring.core.errors import RunWaiting
from mainspring.runs import Pending

_OWNER: Final = "owner"
_LIMIT: Final = "conversation"
_DENIED: Final = "the owner does not want it"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one conversation may use."""

    model_calls: int = 40
    wall_s: float = 1200.0


@dataclass(frozen=True, slots=True)
class Staff:
    """Who serves customers."""

    design: str
    """How it is made, in a word."""
    model: str
    """The name of the model that it asks."""
    agent: Callable[[Shop, Weather, str], Agent]
    """Makes the agent that serves one customer."""


@dataclass(slots=True)
class _Held:
    """What is known of a conversation while it is held."""

    answers: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    n_placed: list[int] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    error: str = ""
    trace: Trace = field(default_factory=Trace)


async def hold(
    conversation: Conversation, staff: Staff, *, limits: Limits | None = None, folder: Path | None = None
) -> Outcome:
    """Hold a conversation in a fresh shop, and judge it.

    Args:
        conversation: What is said and must come of it.
        staff: Who serves the customer.
        limits: What it may use.
        folder: Where its shop and its runs are kept (`shop.db`, `runs.db`), made if it is not there; nowhere for
            long if not given.
    """
    limits, started_s = limits or Limits(), time.monotonic()
    with _kept(folder) as place, open_world(conversation, place) as world:
        async with open_runs(place / "runs.db" if folder else ":memory:") as runs:
            agent = staff.agent(world.shop, world.weather, CUSTOMER)
            await runs.share_budget(_LIMIT, Budget(model_calls=limits.model_calls))
            held = await _talk(conversation, world, agent, runs, limits)
            held.trace = await trace(runs, held.runs)
        found = find(world, held.answers, held.asked, held.n_placed)
    return _outcome(conversation, staff, held, found, time.monotonic() - started_s)


async def _talk(conversation: Conversation, world: World, agent: Agent, runs: Runs, limits: Limits) -> _Held:
    """Say one turn after the other, until all are said or one has gone wrong."""
    held, messages = _Held(), tuple[Message, ...]()
    try:
        async with asyncio.timeout(limits.wall_s):
            for words in conversation.words(world.ids):
                run = await runs.start(agent, words, messages=messages, charge=[_LIMIT])
                held.runs.append(run.id)
                answer, messages = await _answered(conversation, run, runs, held)
                held.answers.append(answer)
                held.n_placed.append(sum(was_placed(order) for order in new_orders(world)))
    except MainspringError as error:
        held.error = f"{type(error).__name__}: {error}"
    except TimeoutError:
        held.error = f"it took longer than {limits.wall_s:g} s"
        for run_id in held.runs[-1:]:
            await runs.cancel(run_id)
    return held


async def _answered(
    conversation: Conversation, run: DurableRun[str], runs: Runs, held: _Held
) -> tuple[str, tuple[Message, ...]]:
    """Wait for a run's answer, and answer what a human is asked meanwhile as the conversation will have it."""
    while True:
        try:
            result = await run.result()
        except RunWaiting:
            for item in await run.pending():
                held.asked.append(await _judge(conversation, item, runs))
        else:
            return result.output, result.messages


async def _judge(conversation: Conversation, item: Pending, runs: Runs) -> Asked:
    """Say yes or no to a question."""
    verdict = "approve" if conversation.human == "approve" and item.kind == "approval" else "deny"
    if verdict == "approve":
        await runs.inbox.approve(item.id, by=_OWNER)
    else:
        await runs.inbox.deny(item.id, by=_OWNER, reason=_DENIED)
    tool, arguments = (item.call.name, item.call.arguments) if item.call else (item.kind, {})
    return Asked(tool, arguments, item.question, "approve" if verdict == "approve" else "deny")


def _outcome(conversation: Conversation, staff: Staff, held: _Held, found: Findings, wall_s: float) -> Outcome:
    """Judge what was found, and say what it took."""
    problems = check_database(conversation, found) + check_answers(conversation, found)
    used = held.trace.usage
    return Outcome(
        number=conversation.number,
        category=conversation.category,
        name=conversation.name,
        design=staff.design,
        model=staff.model,
        digest=conversation.digest,
        problems=([f"it ended in an error: {held.error}"] if held.error else []) + problems,
        said=[*conversation.words(found.ids)],
        answers=held.answers,
        asked=[f"{asked.question} {asked.verdict}" for asked in held.asked],
        steps=[*held.trace.steps],
        model_calls=used.model_calls,
        tool_calls=used.tool_calls,
        input_tokens=used.input_tokens,
        cached_tokens=used.cached_tokens,
        output_tokens=used.output_tokens,
        wall_s=round(wall_s, 1),
    )


@contextmanager
def _kept(folder: Path | None) -> Iterator[Path]:
    """Give a folder that is kept, or one that is not."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="storefront-") as made:
        yield Path(made)
