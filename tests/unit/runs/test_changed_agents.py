"""An agent that has changed since its run began: noticed, and the run goes on under what it started with."""

import logging
from typing import Any

import pytest

from mainspring import Agent, ScriptedModel, tool, use
from mainspring.core import Event, FakeClock
from mainspring.core.errors import ConfigError
from mainspring.core.events import Attempted, ModelReplied, ToolReturned
from mainspring.tools import AnyTool
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import Faulty, agent, crash, faulty, opened, plays

LINES = [use("look", what="a"), use("look", what="b"), "seen"]


@tool(effect="fetch")
def look(what: str) -> str:
    """Look."""
    return f"saw {what}"


@tool(effect="none")
def smell(what: str) -> str:
    """Smell."""
    return f"smelled {what}"


def described(words: str) -> AnyTool:
    """Make `look` with other words about it."""

    def look(what: str) -> str:
        return f"saw {what}"

    look.__doc__ = words
    return tool(effect="fetch")(look)


def before(**settings: Any) -> Agent:
    """Make the agent that the runs of these tests begin with."""
    return agent(LINES, look, instructions="Be brief.", **settings)


CHANGES = [
    (agent(LINES, look, instructions="Be long."), ("instructions",)),
    (agent(LINES, described("Look closely."), instructions="Be brief."), ("tool look",)),
    (agent(LINES, look, smell, instructions="Be brief."), ("tool smell",)),
    (agent(LINES, instructions="Be brief."), ("tool look",)),
    (agent(LINES, look, instructions="Be brief.", max_steps=2), ("limits",)),
    (
        agent(LINES, look, instructions="Be brief.", model=[plays(LINES, name="other"), plays(LINES)]),
        ("model",),
    ),
    (
        agent(LINES, smell, instructions="Be long.", max_repairs=1),
        ("instructions", "tool look", "tool smell", "limits"),
    ),
]


async def cut_off(store: Faulty, clock: FakeClock, worker: Agent) -> str:
    """Begin a run that is cut off while the model is asked for its second step."""

    def is_second_step(event: Event) -> bool:
        return isinstance(event, ModelReplied) and event.turn == 1

    return await crash(store, clock, worker, is_second_step)


@pytest.mark.parametrize(("changed", "noticed"), CHANGES)
async def test_what_has_changed_is_recorded_and_logged_and_the_run_goes_on(
    changed: Agent, noticed: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock(1000.0)
    async with faulty() as store:
        run_id = await cut_off(store, clock, before())
        with caplog.at_level(logging.WARNING, "mainspring.runs"):
            async with opened(store, changed, clock=clock, seed=1) as runs:
                result = await (await runs.get(run_id)).result()
    assert [attempted.changed for attempted in only(Attempted, result.events)] == [(), noticed]
    assert f"since then has changed: {', '.join(noticed)}" in caplog.text
    assert result.output == "seen"


@pytest.mark.parametrize(("changed", "noticed"), CHANGES)
async def test_the_model_is_shown_what_the_run_started_with(changed: Agent, noticed: tuple[str, ...]) -> None:
    clock, first = FakeClock(1000.0), before()
    async with faulty() as store:
        run_id = await cut_off(store, clock, first)
        async with opened(store, changed, clock=clock, seed=1) as runs:
            await (await runs.get(run_id)).result()
    asked_model = changed.models[-1]
    assert isinstance(asked_model, ScriptedModel)
    told = asked_model.requests[0]
    assert told.messages[0].text == "Be brief."
    assert told.options.tools == (look.spec,)
    assert len(told.messages) == len(asked(first)[0].messages) + 2


async def test_a_tool_that_is_gone_is_an_observation() -> None:
    clock, changed = FakeClock(1000.0), agent(LINES, smell, instructions="Be brief.")
    async with faulty() as store:
        run_id = await cut_off(store, clock, before())
        async with opened(store, changed, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    was, gone = only(ToolReturned, result.events)
    assert was.result.text == "saw a"
    assert gone.result.is_error
    assert "There is no tool 'look'" in gone.result.text


async def test_an_unchanged_agent_is_not_talked_about(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock(1000.0)
    async with faulty() as store:
        run_id = await cut_off(store, clock, before())
        async with opened(store, before(), clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert [attempted.changed for attempted in only(Attempted, result.events)] == [(), ()]
    assert "changed" not in caplog.text


async def test_a_model_that_cannot_be_opened_any_more_ends_the_run_until_it_can_be() -> None:
    clock = FakeClock(1000.0)
    async with faulty() as store:
        run_id = await cut_off(store, clock, before())
        other = agent(LINES, look, instructions="Be brief.", model=plays(LINES, name="other"))
        async with opened(store, other, clock=clock, seed=1) as runs:
            with pytest.raises(ConfigError, match="there is no model 'scripted'"):
                await (await runs.get(run_id)).result()
        async with opened(store, before(), clock=clock, seed=2) as runs:
            assert (await (await runs.resume(run_id)).result()).output == "seen"


async def test_an_agent_whose_present_model_cannot_be_opened_ends_the_run_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    clock = FakeClock(1000.0)
    async with faulty() as store:
        run_id = await cut_off(store, clock, before())
        broken = agent(LINES, look, instructions="Be brief.", model="openai:gpt-5-mini")
        async with opened(store, broken, clock=clock, seed=1) as runs:
            with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
                await (await runs.get(run_id)).result()


async def test_what_a_run_may_do_at_most_is_what_it_started_with() -> None:
    clock = FakeClock(1000.0)
    async with faulty() as store:
        run_id = await cut_off(store, clock, before(max_steps=3))
        async with opened(store, before(max_steps=1), clock=clock, seed=1) as runs:
            assert (await (await runs.get(run_id)).result()).output == "seen"


async def test_a_call_that_was_made_is_not_asked_about_when_its_tool_needs_approval_since() -> None:
    @tool(effect="none")
    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    asking = tool(name="pay", effect="none", approval=True)(pay.function)
    lines, clock = [use("pay", amount=3), "done"], FakeClock(1000.0)
    async with faulty() as store:
        died = await crash(
            store, clock, agent(lines, pay), lambda event: event.type == "model_replied" and event.turn == 1
        )
        async with opened(store, agent(lines, asking), clock=clock, seed=1) as runs:
            assert (await (await runs.get(died)).result()).output == "done"
