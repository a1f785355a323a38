from typing import Any

import pytest

from mainspring import Budget, Prompt, ScriptedModel, ask_human, tool, use
from mainspring.core import FakeClock, Request
from mainspring.core.errors import ConfigError, UnknownRun
from mainspring.core.events import (
    Finished,
    HumanAnswered,
    ModelCalled,
    ModelReplied,
    RunStarted,
    Submitted,
    ToolCalled,
    ToolReturned,
)
from mainspring.runs import DurableRun
from tests.unit.runs.making import Tally, agent, crash, faulty, opened, plays, steps


@tool(effect="fetch")
def look(what: str) -> str:
    """Look something up."""
    return f"{what} is here"


def says(request: Request) -> Any:
    """Answer with what the model was told last."""
    told = request.messages[-1]
    return told.results[0].text if told.results else told.text


async def place_of(run: DurableRun[Any], kind: type) -> int:
    return next(seq for seq, event in enumerate(await run.events()) if isinstance(event, kind))


async def test_a_fork_shares_the_beginning_and_does_the_rest_anew() -> None:
    worker = agent([use("look", what="oak"), use("look", what="teak"), "done"], look)
    assert isinstance(worker.model, ScriptedModel)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        first = await run.result()
        n_asked = len(worker.model.requests)
        at = [seq for seq, event in enumerate(await run.events()) if isinstance(event, ToolCalled)][1]
        fork = await runs.fork(run.id, at=at)
        second = await fork.result()
        assert len(worker.model.requests) == n_asked + 1
        assert [event.type for event in steps(second.events)] == [event.type for event in steps(first.events)]
        assert second.output == "done"
        submitted = (await fork.events())[0]
        assert isinstance(submitted, Submitted)
        assert submitted.forked_from == f"{run.id}:{at}"


async def test_a_run_can_be_forked_at_every_event_and_each_fork_is_whole_in_itself() -> None:
    worker = agent([[use("look", what="oak"), use("look", what="teak")], use("look", what="ash"), "done"], look)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        await run.result()
        n_shareable = await place_of(run, Finished) - 1  # its answer is what nothing can follow
        for at in range(2, n_shareable):
            fork = await runs.fork(run.id, at=at)
            assert (await fork.result()).output == "done"
            assert (await runs.replay(fork.id)).divergence is None


async def test_a_fork_can_have_been_told_another_result() -> None:
    worker = agent([use("look", what="oak"), says], look)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        assert (await run.result()).output == "oak is here"
        fork = await runs.fork(run.id, at=await place_of(run, ToolReturned), result="oak is gone", id_new="what-if")
        assert fork.id == "what-if"
        assert (await fork.result()).output == "oak is gone"
        assert (await run.result()).output == "oak is here"


async def test_a_fork_can_have_been_given_another_answer() -> None:
    worker = agent([use("ask_human", question="which?"), says], ask_human())
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        async for _ in run.stream():
            pass
        (asked,) = await run.pending()
        await runs.inbox.answer(asked.id, "oak", by="ada")
        assert (await run.result()).output == "oak"
        fork = await runs.fork(run.id, at=await place_of(run, HumanAnswered), answer="teak")
        assert (await fork.result()).output == "teak"


async def test_a_fork_can_go_on_with_another_model_and_other_instructions() -> None:
    worker = agent([use("look", what="oak"), "done"], look, instructions="Be brief.")
    other = worker.replace(
        model=plays([None, lambda request: request.messages[0].text], name="other"),
        prompt=Prompt("Be long.", verbatim=True),
    )
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        at = 1 + await place_of(run, ToolReturned) if (await run.result()).output else 0
        fork = await runs.fork(run.id, at=at, agent=other)
        assert (await fork.result()).output == "Be long."
        events = await fork.events()
        asked = [event.model for event in events if isinstance(event, ModelCalled)]
        replied = [event.model for event in events if isinstance(event, ModelReplied)]
        assert asked == ["other", "other"]
        assert replied == ["scripted", "other"]
        started = next(event for event in events if isinstance(event, RunStarted))
        assert started.messages[0].text == "Be long."
        assert (await runs.replay(fork.id)).divergence is None


async def test_a_fork_has_the_budget_of_the_other_run_for_itself() -> None:
    worker = agent([use("look", what="oak"), "done"], look)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go", budget=Budget(model_calls=2))
        await run.result()
        fork = await runs.fork(run.id, at=2)
        await fork.result()
        assert (await runs.balance(f"run:{fork.id}")).spent["model_calls"] == 2
        assert (await runs.balance(f"run:{run.id}")).spent["model_calls"] == 2


@pytest.mark.parametrize("at", [-1, 0, 1, 99])
async def test_a_run_cannot_be_forked_where_it_has_no_event(at: int) -> None:
    worker = agent(["done"])
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        await run.result()
        with pytest.raises(ConfigError, match="fork it at one of them"):
            await runs.fork(run.id, at=at)


async def test_a_run_cannot_be_forked_behind_its_answer() -> None:
    worker = agent(["done"])
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        await run.result()
        with pytest.raises(ConfigError, match="has its answer there"):
            await runs.fork(run.id)


async def test_only_what_stands_there_can_be_replaced() -> None:
    worker = agent([use("look", what="oak"), "done"], look)
    async with opened(":memory:") as runs:
        run = await runs.start(worker, "go")
        await run.result()
        with pytest.raises(ConfigError, match="is not a tool's result"):
            await runs.fork(run.id, at=3, result="x")
        with pytest.raises(ConfigError, match="is not a human's answer"):
            await runs.fork(run.id, at=3, answer="x")


async def test_a_run_with_an_effect_in_doubt_is_not_forked() -> None:
    tally = Tally()

    @tool(effect="money")
    def pay() -> str:
        """Pay."""
        tally.count()
        return "paid"

    worker, clock = agent([use("pay"), "done"], pay), FakeClock(1000.0)
    async with faulty() as store:
        name = await crash(store, clock, worker, lambda event: isinstance(event, ToolReturned))
        async with opened(store, clock=clock) as runs:
            with pytest.raises(ConfigError, match=r"'pay' at event .* is in progress or in doubt"):
                await runs.fork(name)
    assert len(tally.keys) == 1


async def test_a_run_that_is_not_there_cannot_be_forked() -> None:
    async with opened(":memory:") as runs:
        with pytest.raises(UnknownRun):
            await runs.fork("run_x")
