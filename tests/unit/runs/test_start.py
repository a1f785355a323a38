"""Starting runs in a store: the same answer as without one, under an id that can be come back to."""

import asyncio
from pathlib import Path

import pytest
from pydantic import BaseModel

from mainspring import Message, Prompt, open_runs, tool, use
from mainspring.core import Answer, Budget, FakeClock, Request
from mainspring.core.errors import ConfigError, ModelTimeout, RunError, StepLimit, UnknownRun
from mainspring.core.events import Attempted, Failed, Finished
from mainspring.runs import Query
from tests.unit.agent.making import asked, only
from tests.unit.runs.making import agent, crash, faulty, opened


class City(BaseModel):
    """A city."""

    name: str


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@tool(effect="none", max_result_chars=20)
def tell() -> str:
    """Tell a long story."""
    return "long " * 1000


SCRIPT = [[use("add", a=1, b=2), use("tell")], use("add", a="x"), use("nosuch"), "It is 3."]


async def test_a_run_in_a_store_gives_what_the_agent_alone_gives() -> None:
    helper = agent(SCRIPT, add, tell, instructions="Be brief.")
    alone = await helper.run("1 + 2?")
    async with opened() as runs:
        run = await runs.start(helper, "1 + 2?")
        kept = await run.result()
        assert (kept.output, kept.usage, kept.messages) == (alone.output, alone.usage, alone.messages)
        assert dict(kept.contents) == dict(alone.contents)
        assert kept.run_id == run.id
        assert kept.events == await run.events()
        assert (await run.row()).status == "finished"


async def test_the_conversation_of_a_run_is_gone_on_with_by_the_next() -> None:
    helper = agent([lambda request: request.messages[-1].text.upper()], instructions="Be brief.")
    async with opened() as runs:
        first = await (await runs.start(helper, "one")).result()
        await (await runs.start(helper, "two", messages=first.messages)).result()
    assert [message.text for message in asked(helper)[1].messages] == ["Be brief.", "one", "ONE", "two"]


async def test_inputs_fill_the_prompt_in_and_wrong_ones_start_nothing() -> None:
    helper = agent(["ok"], prompt=Prompt("Count in {{ unit }}.", inputs={"unit": "what to count in"}))
    async with opened() as runs:
        with pytest.raises(ConfigError, match=r"takes the inputs \['unit'\]"):
            await runs.start(helper, "hi")
        assert await runs.find() == []
        await (await runs.start(helper, "hi", inputs={"unit": "GiB"})).result()
    assert asked(helper)[0].messages[0].text == "Count in GiB."


async def test_a_message_may_be_asked_instead_of_words() -> None:
    helper = agent(["ok"])
    async with opened() as runs:
        await (await runs.start(helper, Message.user("hi"))).result()
    assert asked(helper)[0].messages[-1] == Message.user("hi")


async def test_a_typed_answer_is_of_the_type_that_was_asked_for() -> None:
    async with opened() as runs:
        oslo = await (await runs.start(agent([Answer(value={"name": "Oslo"})]), "?", output=City)).result()
    assert oslo.output == City(name="Oslo")


async def test_a_process_that_does_not_know_the_type_goes_on_and_gives_plain_json() -> None:
    clock, helper = FakeClock(1000.0), agent([Answer(value={"name": "Oslo"})])
    async with faulty() as store:
        run_id = await crash(store, clock, helper, lambda event: isinstance(event, Finished), output=City)
        async with opened(store, helper, clock=clock, seed=1) as runs:
            assert (await (await runs.get(run_id)).result()).output == {"name": "Oslo"}
    assert asked(helper)[0].options.answer == City.model_json_schema()


async def test_starting_under_a_known_id_gives_the_run_of_that_id() -> None:
    helper = agent(["hello"])
    async with opened() as runs:
        first = await runs.start(helper, "hi", id="greeting")
        assert (await first.result()).output == "hello"
        again = await runs.start(helper, "hi", id="greeting")
        assert again.id == first.id == "greeting"
        assert (await again.result()).output == "hello"
        assert len(await runs.find()) == 1
    assert len(asked(helper)) == 1


@pytest.mark.parametrize(("name", "words"), [("helper", "other words"), ("other", "hi")])
async def test_another_run_under_a_known_id_is_refused(name: str, words: str) -> None:
    async with opened() as runs:
        await (await runs.start(agent(["hello"]), "hi", id="greeting")).result()
        with pytest.raises(ConfigError, match="run 'greeting' is another one: agent 'helper' was asked 'hi'"):
            await runs.start(runs.agents.get(name) or agent(["hello"], name=name), words, id="greeting")


async def test_ids_that_lead_nowhere_are_refused_whatever_is_wanted_of_them() -> None:
    async with opened() as runs:
        for call in (runs.get, runs.row, runs.cancel, runs.resume):
            with pytest.raises(UnknownRun, match="there is no run 'nosuch'"):
                await call("nosuch")


async def test_the_error_that_ended_a_run_comes_back_as_what_it_was() -> None:
    async with opened() as runs:
        late = await runs.start(agent([ModelTimeout("too slow")], name="late"), "hi")
        with pytest.raises(ModelTimeout, match="too slow"):
            await late.result()
        endless = await runs.start(agent([use("tell")], tell, name="endless", max_steps=1), "hi")
        with pytest.raises(StepLimit, match="took 1 step without an answer"):
            await endless.result()
        assert [row.status for row in await runs.find()] == ["failed", "failed"]


async def test_a_defect_ends_the_run_and_is_told_by_its_name() -> None:
    async with opened() as runs:
        run = await runs.start(agent([KeyError("oops")]), "hi")
        with pytest.raises(RunError, match="KeyError: 'oops'"):
            await run.result()
        (failed,) = only(Failed, await run.events())
        assert failed.error == "KeyError"


async def test_the_agents_that_an_agent_calls_are_known_with_it() -> None:
    lowest = agent(["deep"], name="lowest")
    middle = agent(["mid"], lowest.as_tool(description="Digs."), name="middle")
    async with opened() as runs:
        runs.register(agent(["top"], middle.as_tool(description="Asks."), name="top"))
        assert list(runs.agents) == ["top", "middle", "lowest"]


async def test_two_agents_of_one_name_with_other_tools_are_refused() -> None:
    async with opened() as runs:
        runs.register(agent(["hello"]))
        with pytest.raises(ConfigError, match="two agents are called 'helper'"):
            await runs.start(agent(["hello"], add), "hi")
        assert await runs.find() == []


async def test_an_agent_that_is_made_anew_each_time_may_keep_its_name() -> None:
    async with opened() as runs:
        for _ in range(2):
            assert (await (await runs.start(agent(["hello"]), "hi")).result()).output == "hello"


async def test_runs_of_agents_that_are_not_known_here_are_left_alone() -> None:
    stranger = agent(["hello"], name="stranger")
    async with faulty() as store:
        async with opened(store, work=False) as runs:
            run = await runs.start(stranger, "hi")
        async with opened(store, agent(["hello"]), seed=1) as runs:
            assert await runs.sweep() == 0
            assert (await runs.row(run.id)).status == "pending"
            assert only(Attempted, await (await runs.get(run.id)).events()) == []


async def test_a_run_handed_in_without_working_is_driven_by_whoever_knows_its_agent() -> None:
    helper = agent(["hello"])
    async with faulty() as store, opened(store, work=False) as front:
        run = await front.start(helper, "hi")
        async with opened(store, helper, seed=1):
            assert (await run.result()).output == "hello"


async def test_what_is_more_urgent_goes_first() -> None:
    helper = agent(["ok"])
    async with faulty() as store:
        async with opened(store, work=False) as runs:
            for priority in (0, 5, -1, 1):
                await runs.start(helper, str(priority), priority=priority, id=f"p{priority}")
        async with opened(store, helper, seed=1, concurrency=1) as runs:
            for row in await runs.find():
                await (await runs.get(row.id)).result()
    assert [request.messages[-1].text for request in asked(helper)] == ["5", "1", "0", "-1"]


async def test_a_run_for_later_is_not_begun_before_its_time() -> None:
    clock, helper = FakeClock(1000.0), agent(["hello"])
    async with opened(clock=clock) as runs:
        run = await runs.start(helper, "hi", at=5000.0)
        clock.advance(3999.0)
        assert await runs.sweep() == 0
        assert (await run.row()).status == "pending"
        clock.advance(1.0)
        assert (await run.result()).output == "hello"


async def test_many_runs_at_once_each_get_their_own_answer() -> None:
    def line(request: Request) -> str:
        return request.messages[-1].text.upper()

    helper = agent([line])
    async with opened() as runs:
        handed_in = await asyncio.gather(*(runs.start(helper, f"say {n}") for n in range(200)))
        results = await asyncio.gather(*(run.result() for run in handed_in))
        assert len(await runs.find(Query(statuses=["finished"], limit=1000))) == 200
    assert [result.output for result in results] == [f"SAY {n}" for n in range(200)]


async def test_a_shared_budget_that_is_not_there_is_an_error_before_anything_is_written() -> None:
    async with opened() as runs:
        with pytest.raises(ConfigError, match="there is no shared budget 'team'"):
            await runs.start(agent(["hello"]), "hi", charge=["team"], budget=Budget(model_calls=1))
        assert await runs.find() == []


async def test_an_id_stands_for_one_type_of_answer() -> None:
    helper = agent([Answer(value=3)])
    async with opened() as runs:
        await (await runs.start(helper, "go", id="one", output=int)).result()
        with pytest.raises(ConfigError, match="'one' is another one"):
            await runs.start(helper, "go", id="one")


async def test_a_process_that_does_not_know_the_type_keeps_to_what_was_sent_back_before() -> None:
    helper, clock = agent([Answer(value="many"), Answer(value=3)]), FakeClock(1000.0)
    async with faulty() as store:
        died = await crash(
            store, clock, helper, lambda event: event.type == "model_replied" and event.turn == 1, output=int
        )
        async with opened(store, helper, clock=clock, seed=1) as runs:
            assert (await (await runs.get(died)).result()).output == 3


async def test_a_store_can_be_named_by_a_path(tmp_path: Path) -> None:
    async with open_runs(tmp_path / "runs.db") as runs:
        assert (await (await runs.start(agent(["done"]), "go")).result()).output == "done"
