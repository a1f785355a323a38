"""An agent: what it is made of, what it answers, and what of it is recorded."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field
from pydantic_core import to_json

from mainspring import Agent, Message, Prompt, Sampling, ScriptedModel, Tool, tool, use
from mainspring.core import Answer, JsonObject
from mainspring.core.errors import ConfigError, ModelReplyError
from mainspring.core.events import Corrected, Finished, RunStarted
from tests.unit.agent.making import agent, asked, only


class City(BaseModel):
    """A city."""

    name: str
    inhabitants: int = Field(ge=0)


class Trip(BaseModel):
    """A trip."""

    stops: list[City]
    by: Literal["train", "ship"] = "train"


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


OSLO: JsonObject = {"name": "Oslo", "inhabitants": 700_000}


async def test_a_typed_answer_is_of_the_type_that_was_asked_for() -> None:
    oslo = City(name="Oslo", inhabitants=700_000)
    assert (await agent([Answer(value=OSLO)]).run("?", output=City)).output == oslo
    assert (await agent([Answer(value=[1, 2])]).run("?", output=list[int])).output == [1, 2]
    assert (await agent([Answer(value=3)]).run("?", output=int)).output == 3
    assert (await agent([Answer(value=True)]).run("?", output=bool)).output is True
    assert (await agent([Answer(value={"stops": [OSLO]})]).run("?", output=Trip)).output == Trip(stops=[oslo])
    assert (await agent([Answer(value={"a": OSLO})]).run("?", output=dict[str, City])).output == {"a": oslo}


async def test_the_model_is_shown_the_schema_of_the_answer_and_the_record_holds_its_json() -> None:
    helper = agent([Answer(value={"stops": [OSLO]})])
    result = await helper.run("?", output=Trip)
    assert asked(helper)[0].options.answer == Trip.model_json_schema()
    assert only(RunStarted, result.events)[0].answer_schema == Trip.model_json_schema()
    assert only(Finished, result.events)[0].output == {"stops": [OSLO], "by": "train"}


async def test_a_wrong_answer_is_corrected_with_where_it_is_wrong_and_then_accepted() -> None:
    wrong: JsonObject = {"stops": [OSLO, {"name": "Rome", "inhabitants": -1}]}
    helper = agent([Answer(value=wrong), Answer(value={"stops": [OSLO]})])
    result = await helper.run("?", output=Trip)
    assert len(result.output.stops) == 1
    (corrected,) = only(Corrected, result.events)
    assert corrected.reason == "wrong_answer"
    assert "stops.1.inhabitants: Input should be greater than or equal to 0" in corrected.message.text
    assert asked(helper)[1].messages[-1] == corrected.message


async def test_answers_that_stay_wrong_end_the_run() -> None:
    helper = agent([Answer(value="many")] * 9, max_repairs=2)
    with pytest.raises(ModelReplyError, match=r"3 replies in a row.*valid integer"):
        await helper.run("?", output=int)


async def test_words_are_no_typed_answer_but_are_taken_as_json_where_they_are() -> None:
    helper = agent(["Oslo", Answer(value=OSLO)])
    assert (await helper.run("?", output=City)).output.name == "Oslo"
    assert len(asked(helper)) == 2


async def test_an_answer_in_words_has_to_be_words() -> None:
    helper = agent([Answer(value={"a": 1}), "words"])
    assert (await helper.run("?")).output == "words"


async def test_messages_handed_back_in_go_on_with_the_conversation() -> None:
    helper = agent([use("add", a=1, b=2), "It is 3.", "As I said, 3."], add, instructions="Be brief.")
    first = await helper.run("1 + 2?")
    assert [message.role for message in first.messages] == ["user", "assistant", "tool", "assistant"]
    second = await helper.run("Sure?", messages=first.messages)
    told = asked(helper)[-1].messages
    assert [message.text for message in told] == ["Be brief.", "1 + 2?", "", "3", "It is 3.", "Sure?"]
    assert [message.role for message in told].count("system") == 1
    assert second.messages[: len(first.messages)] == first.messages
    assert not any(message.role == "system" for message in second.messages)


async def test_a_conversation_can_be_handed_to_another_agent() -> None:
    first = await agent(["It is 3."]).run("1 + 2?")
    other = agent(["Yes."], instructions="Check.")
    await other.run("Right?", messages=first.messages)
    assert [message.text for message in asked(other)[0].messages] == ["Check.", "1 + 2?", "It is 3.", "Right?"]


async def test_without_instructions_there_is_no_system_message() -> None:
    helper = agent(["hello"])
    await helper.run("hi")
    assert [message.role for message in asked(helper)[0].messages] == ["user"]


@pytest.mark.parametrize("words", ["Reply as {{ json }}.", "{% raw", "Sets are {a, b}."])
async def test_instructions_with_braces_are_said_as_they_are(words: str) -> None:
    helper = agent(["hello"], instructions=words)
    await helper.run("hi")
    assert asked(helper)[0].messages[0] == Message.system(words)


async def test_inputs_fill_the_prompt_in() -> None:
    prompt = Prompt("Count in {{ unit }}.", inputs={"unit": "what to count in"})
    helper = agent(["hello", "hello"], prompt=prompt)
    await helper.run("hi", inputs={"unit": "GiB"})
    await helper.run("hi", inputs={"unit": "TB"})
    assert [request.messages[0].text for request in asked(helper)] == ["Count in GiB.", "Count in TB."]


@pytest.mark.parametrize("inputs", [None, {}, {"unit": "GiB", "units": "GiB"}])
async def test_inputs_that_do_not_fit_are_refused_before_anything_is_asked(
    inputs: dict[str, object] | None,
) -> None:
    helper = agent(["hello"], prompt=Prompt("Count in {{ unit }}.", inputs={"unit": "what to count in"}))
    with pytest.raises(ConfigError, match=r"takes the inputs \['unit'\]"):
        await helper.run("hi", inputs=inputs)
    with pytest.raises(ConfigError):
        helper.start("hi", inputs=inputs)
    assert asked(helper) == []


async def test_inputs_for_instructions_are_refused() -> None:
    with pytest.raises(ConfigError, match="takes no inputs"):
        await agent(["hello"], instructions="Say {{ x }}.").run("hi", inputs={"x": 1})


async def test_a_prompt_file_brings_words_model_and_sampling(tmp_path: Path) -> None:
    path = tmp_path / "sizer.prompt.md"
    path.write_text("---\nmodel: vllm:m\nsampling: {temperature: 0.1, seed: 1}\n---\nSize.")
    from_file = Agent("sizer", prompt=path)
    assert from_file.model.name == "vllm:m"
    assert from_file.sampling == Sampling(temperature=0.1, seed=1)
    helper = agent(["hello"], prompt=str(path), sampling=Sampling(temperature=0.9))
    await helper.run("hi")
    assert asked(helper)[0].sampling == Sampling(temperature=0.9, seed=1)
    assert asked(helper)[0].messages[0].text == "Size."


def test_instructions_and_a_prompt_together_are_refused() -> None:
    with pytest.raises(ConfigError, match="'helper' has both"):
        agent([], instructions="Be brief.", prompt=Prompt("Be long."))


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="'helper' has two tools named 'add'; give one of them another name"):
        agent([], add, tool(name="add")(lambda: 3))


def test_a_function_no_model_could_call_is_refused_when_the_agent_is_made() -> None:
    with pytest.raises(ConfigError, match="tool 'untyped': parameter 'x'"):
        agent([], untyped)


def untyped(x) -> str:  # type: ignore[no-untyped-def]  # that is the point
    """Take anything."""
    return str(x)


@pytest.mark.parametrize("max_steps", [0, -1])
def test_an_agent_that_may_take_no_step_is_refused(max_steps: int) -> None:
    with pytest.raises(ConfigError, match=f"max_steps is {max_steps}"):
        agent([], max_steps=max_steps)
    with pytest.raises(ConfigError, match=f"max_steps is {max_steps}"):
        agent([]).replace(max_steps=max_steps)


async def test_a_replaced_model_leaves_the_first_agent_as_it_was() -> None:
    helper = agent(["first", "second"], add, instructions="Be brief.")
    other = helper.replace(model=ScriptedModel(["other"], name="other"), max_steps=1)
    assert (await other.run("hi")).output == "other"
    assert asked(other)[0].messages[0].text == "Be brief."
    assert (await helper.run("hi")).output == "first"
    assert (other.limits.max_steps, helper.limits.max_steps) == (1, 20)


def test_plain_functions_become_tools_by_name() -> None:
    helper = agent([], add)
    assert list(helper.tools) == ["add"]
    assert isinstance(helper.tools["add"], Tool)
    assert repr(helper) == "Agent('helper', model='scripted', tools=['add'])"


async def test_a_model_that_cannot_be_opened_is_an_error_of_the_first_run_not_of_the_agent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    helper = Agent("helper", model="openai:gpt-5-mini")
    assert "openai:gpt-5-mini" in repr(helper)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        await helper.run("hi")


async def digest(helper: Agent, output: type[object] = str, input: str = "hi", **inputs: object) -> str:  # noqa: A002 - what it is
    result = await helper.run(input, output=output, inputs=inputs or None)
    return only(RunStarted, result.events)[0].agent_digest


async def test_the_digest_changes_with_what_the_agent_is_and_with_nothing_else() -> None:
    def sub(a: int, b: int) -> int:
        """Subtract."""
        return a - b

    prompt = Prompt("Count in {{ unit }}.", inputs={"unit": "what to count in"})
    same = await digest(agent(["a"], add, instructions="Be brief."))
    assert await digest(agent(["b", "c"], add, instructions="Be brief."), input="something else") == same
    assert await digest(agent(["a"], add, instructions="Be brief.", max_steps=3)) == same
    others = [
        await digest(agent(["a"], add, instructions="Be long.")),
        await digest(agent(["a"], instructions="Be brief.")),
        await digest(agent(["a"], sub, instructions="Be brief.")),
        await digest(agent(["a"], add, sub, instructions="Be brief.")),
        await digest(agent(["a"], add, instructions="Be brief.", sampling=Sampling(temperature=0.5))),
        await digest(agent([], add, instructions="Be brief.", model=ScriptedModel(["a"], name="other"))),
        await digest(agent([Answer(value=1)], add, instructions="Be brief."), output=int),
        await digest(agent(["a"], prompt=prompt), unit="GiB"),
        await digest(agent(["a"], prompt=prompt), unit="TB"),
    ]
    assert len({same, *others}) == len(others) + 1


async def test_a_tools_words_and_schema_are_part_of_the_digest() -> None:
    def described(words: str, kind: type) -> object:
        def lookup(x):  # type: ignore[no-untyped-def]  # typed below
            return x

        lookup.__doc__, lookup.__annotations__ = words, {"x": kind}
        return lookup

    functions = [described("Look.", int), described("Look up.", int), described("Look.", str)]
    digests = {await digest(agent(["a"], function)) for function in functions}  # type: ignore[arg-type]  # functions
    assert len(digests) == 3


async def test_equal_runs_are_equal_to_the_last_byte() -> None:
    async def entries() -> bytes:
        script = [[use("add", a=1, b=2), use("add", a=3, b=4)], use("add", a="x"), "3"]
        run = agent(script, add, instructions="Be brief.").start("go")
        await run
        return to_json(run.entries)

    assert await entries() == await entries()


async def test_every_run_has_an_id_of_its_own() -> None:
    helper = agent(["a", "b"])
    first, second = await helper.run("hi"), await helper.run("hi")
    assert first.run_id != second.run_id
    assert first.run_id.startswith("run_")


def test_an_agent_runs_outside_an_event_loop() -> None:
    helper = agent(["hello", Answer(value=3)])
    assert helper.run_sync("hi").output == "hello"
    assert helper.run_sync("hi", output=int).output == 3


async def test_run_sync_within_an_event_loop_is_refused_and_says_what_to_write() -> None:
    helper = agent(["hello"])
    with pytest.raises(ConfigError, match=r"await agent\.run"):
        helper.run_sync("hi")
    assert asked(helper) == []
