"""Attempts with lessons in a store: what a crash between two of them repeats, and what it does not."""

from collections.abc import AsyncIterator, Callable

import pytest

from mainspring import Agent, Budget, tool
from mainspring.core import Answer, Event, FakeClock, Request
from mainspring.core.events import ChildCalled, ChildEnded, ToolCalled, ToolReturned
from mainspring.memory import Filter, MemoryStore, Scope, open_memory
from mainspring.models.scripted import Line
from mainspring.teams import reflective
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import agent, crash, faulty, opened, plays, steps

LESSON = Answer(value={"when": "dig for a coin", "lesson": "Dig deeper."})


@pytest.fixture
async def memory() -> AsyncIterator[MemoryStore]:
    """Keep notes for a test."""
    async with open_memory(":memory:") as store:
        yield store


@tool(effect="none", authority=[])
def is_deep(answer: str) -> str | None:
    """Look into a hole."""
    return None if answer == "deep" else "not deep enough"


def dig(request: Request) -> Line:
    return "deep" if "Dig deeper." in request.messages[-1].text else "shallow"


def careful(memory: MemoryStore, digger: Agent, critic: Line | Answer = LESSON) -> Agent:
    """Make a digger that learns."""
    return reflective("careful", digger, check=is_deep, memory=memory, model=plays([critic], name="critic"))


def begins(name: str, nth: int = 1) -> Callable[[Event], bool]:
    """Tell the event with which a tool or an agent is called for the nth time."""
    seen = 0

    def is_it(event: Event) -> bool:
        nonlocal seen
        is_called = isinstance(event, ToolCalled) and event.call.name == name
        seen += is_called or (isinstance(event, ChildCalled) and event.agent == name)
        return seen >= nth

    return is_it


def returns(name: str) -> Callable[[Event], bool]:
    """Tell the event with which a tool's result is known."""
    return lambda event: isinstance(event, ToolReturned) and event.result.name == name


@pytest.mark.parametrize(
    "at",
    [
        begins("digger"),
        begins("is_deep"),
        begins("careful_reflect"),
        begins("keep_lesson"),
        returns("keep_lesson"),
        begins("digger", nth=2),
        begins("is_deep", nth=2),
    ],
    ids=["attempt", "check", "reflect", "keep", "kept", "attempt again", "check again"],
)
async def test_a_run_that_died_between_attempts_goes_on_and_repeats_no_attempt_and_no_reflection(
    memory: MemoryStore, at: Callable[[Event], bool]
) -> None:
    clock, digger = FakeClock(1000.0), agent([dig], name="digger")
    team = careful(memory, digger)
    async with faulty() as store:
        run_id = await crash(store, clock, team, at, words="dig for a coin")
        async with opened(store, team, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
            assert (await runs.replay(run_id)).divergence is None
    assert result.output == "deep"
    assert len(asked(digger)) == 2
    assert [event.agent for event in only(ChildCalled, result.events)] == ["digger", "careful_reflect", "digger"]
    (note,) = await memory.find(Filter(scopes=[Scope(agent="digger")]))
    assert note.text == "dig for a coin: Dig deeper. (What was wrong before: not deep enough)"
    assert note.source.startswith(run_id)


async def test_a_replay_needs_neither_the_memory_nor_its_old_content(memory: MemoryStore) -> None:
    team = careful(memory, agent([dig], name="digger"))
    async with opened() as runs:
        run = await runs.start(team, "dig for a coin")
        await run.result()
        await memory.forget([Scope(agent="digger")])
        replayed = await runs.replay(run.id)
    assert replayed.divergence is None
    assert await memory.find(Filter(scopes=[Scope(agent="digger")])) == []


async def test_a_later_run_is_told_what_an_earlier_one_learnt(memory: MemoryStore) -> None:
    digger = agent([dig], name="digger")
    team = careful(memory, digger)
    async with opened() as runs:
        for words in ("dig for a coin", "dig for another coin"):
            run = await runs.start(team, words)
            assert (await run.result()).output == "deep"
    assert len(asked(digger)) == 3


async def test_attempts_and_reflections_draw_on_one_budget(memory: MemoryStore) -> None:
    team = careful(memory, agent([dig], name="digger"))
    async with opened() as runs:
        run = await runs.start(team, "dig for a coin", budget=Budget(model_calls=10))
        result = await run.result()
        balance = await runs.balance(f"run:{run.id}")
    assert balance.spent["model_calls"] == result.usage.model_calls == 3


async def test_a_run_alone_and_one_in_a_store_tell_the_same() -> None:
    async with open_memory(":memory:") as here, open_memory(":memory:") as there:
        alone = await careful(here, agent([dig], name="digger")).run("dig for a coin")
        async with opened() as runs:
            kept = await (await runs.start(careful(there, agent([dig], name="digger")), "dig for a coin")).result()
    assert (kept.output, kept.messages, kept.usage) == (alone.output, alone.messages, alone.usage)
    assert len(steps(kept.events)) == len(steps(alone.events))
    assert [event.output for event in only(ChildEnded, kept.events)][0::2] == ["shallow", "deep"]
